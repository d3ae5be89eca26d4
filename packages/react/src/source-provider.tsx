"use client";

import { type ReactNode, useEffect, useState } from "react";
import { type ClientSource, givenClient, lazyClient } from "./client-source.js";
import { SourceContext } from "./context.js";
import type { Driver } from "./driver.js";

export interface SourceProviderProps<Client extends object, Channel extends object> {
  readonly driver: Driver<Client, Channel>;
  /** The application's client, or what makes it; undefined for one of the provider's own. */
  readonly client: Client | (() => Client) | undefined;
  /** Makes the provider's own client. Only the first one counts. */
  readonly make: () => Client;
  readonly children: ReactNode;
}

interface Held {
  readonly client: unknown;
  readonly source: ClientSource;
}

/** The provider of every SDK. */
export function SourceProvider<Client extends object, Channel extends object>(
  props: SourceProviderProps<Client, Channel>,
): ReactNode {
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

function holdingOf<Client extends object, Channel extends object>({
  driver,
  client,
  make,
}: SourceProviderProps<Client, Channel>): Held {
  if (client === undefined) return { client, source: lazyClient(driver, make) };
  return {
    client,
    source: typeof client === "function" ? lazyClient(driver, client, true) : givenClient(driver, client),
  };
}

const ignore = () => {};
