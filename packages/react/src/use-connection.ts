"use client";

import { useCallback, useSyncExternalStore } from "react";
import { type Connection, INITIAL_CONNECTION } from "./connection.js";
import { useStore } from "./context.js";

/** The state of the connection, and why it is not there. `initialized` on a server and while hydrating. */
export function useConnection(): Connection {
  const connection = useStore()?.connection ?? null;
  const subscribe = useCallback(
    (listener: () => void) => (connection === null ? ignore : connection.subscribe(listener)),
    [connection],
  );
  return useSyncExternalStore(subscribe, () => connection?.current() ?? INITIAL_CONNECTION, initial);
}

const ignore = () => {};
const initial = () => INITIAL_CONNECTION;
