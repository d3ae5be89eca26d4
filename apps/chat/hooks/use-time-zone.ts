"use client";

import { useSyncExternalStore } from "react";

/** Where the reader is, which only the browser knows; UTC on a server and while hydrating. */
export const useTimeZone = (): string =>
  useSyncExternalStore(
    never,
    () => Intl.DateTimeFormat().resolvedOptions().timeZone,
    () => "UTC",
  );

const never = () => () => {};
