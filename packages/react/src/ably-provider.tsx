"use client";

import { type ClientOptions, Realtime } from "ably";
import type { ReactNode } from "react";
import { type AblyClient, ablyDriver } from "./ably-driver.js";
import { SourceProvider } from "./source-provider.js";

/** A client of one's own (or the function that makes it), or the options for one; not both. */
export type AblyProviderProps = { readonly children?: ReactNode } & (
  | { readonly client: AblyClient | (() => AblyClient); readonly options?: never }
  | { readonly client?: never; readonly options: ClientOptions }
);

/**
 * Gives the hooks below it their client of ably.
 *
 * With `client`, that one: it is never closed here. A function is called once, in the browser only; write it outside of the
 * component. With `options`, one that is made in the browser when the provider is mounted and closed a few seconds after it
 * is unmounted. `options` are read once, so that they may be written inline; to start over with others, give the provider
 * another `key`.
 */
export function RealtimeProvider({ client, options, children }: AblyProviderProps): ReactNode {
  return (
    <SourceProvider driver={ablyDriver} client={client} make={() => new Realtime(options as ClientOptions)}>
      {children}
    </SourceProvider>
  );
}
