"use client";

import type { ReactNode } from "react";
import { clientOf, type RealtimeOptions } from "./options.js";
import { type PusherClient, pusherDriver } from "./pusher-driver.js";
import { SourceProvider } from "./source-provider.js";

/** A client of one's own (or the function that makes it), or the options for one; not both. */
export type RealtimeProviderProps = { readonly children?: ReactNode } & (
  | { readonly client: PusherClient | (() => PusherClient); readonly options?: never }
  | { readonly client?: never; readonly options: RealtimeOptions }
);

/**
 * Gives the hooks below it their client.
 *
 * With `client`, that one: it is never disconnected here. A function is called once, in the browser only; write it outside
 * of the component. With `options`, one that is made in the browser when the provider is mounted and disconnected a few
 * seconds after it is unmounted. `options` are read once, so that they may be written inline; to start over with others,
 * give the provider another `key`.
 */
export function RealtimeProvider({ client, options, children }: RealtimeProviderProps): ReactNode {
  return (
    <SourceProvider driver={pusherDriver} client={client} make={() => clientOf(options as RealtimeOptions)}>
      {children}
    </SourceProvider>
  );
}
