"use client";

import { type ReactNode, useEffect, useState } from "react";
import { type ClientSource, givenClient, lazyClient } from "./client-source.js";
import { SourceContext } from "./context.js";
import { clientOf, type RealtimeOptions } from "./options.js";
import type { PusherClient } from "./pusher-driver.js";

/** A client of one's own (or the function that makes it), or the options for one; not both. */
export type RealtimeProviderProps = { readonly children?: ReactNode } & (
  | { readonly client: PusherClient | (() => PusherClient); readonly options?: never }
  | { readonly client?: never; readonly options: RealtimeOptions }
);

interface Held {
  readonly client: RealtimeProviderProps["client"];
  readonly source: ClientSource;
}

/**
 * Gives the hooks below it their client.
 *
 * With `client`, that one: it is never disconnected here. A function is called once, in the browser only; write it outside
 * of the component. With `options`, one that is made in the browser when the provider is mounted and disconnected a few
 * seconds after it is unmounted. `options` are read once, so that they may be written inline; to start over with others,
 * give the provider another `key`.
 */
export function RealtimeProvider(props: RealtimeProviderProps): ReactNode {
  const [held, setHeld] = useState(() => holdingOf(props));
  let current = held;
  if (current.client !== props.client) {
    current = holdingOf(props);
    setHeld(current);
  }
  const { source } = current;
  useEffect(() => source.retain(ignore), [source]);
  return <SourceContext.Provider value={source}>{props.children}</SourceContext.Provider>;
}

function holdingOf({ client, options }: RealtimeProviderProps): Held {
  if (client === undefined) return { client, source: lazyClient(() => clientOf(options)) };
  return { client, source: typeof client === "function" ? lazyClient(client, true) : givenClient(client) };
}

const ignore = () => {};
