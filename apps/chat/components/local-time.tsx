"use client";

import { useSyncExternalStore } from "react";

const FORMAT: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit" };

/** Hours and minutes where the reader is, which only the browser knows. It keeps its place until then. */
export function LocalTime({ time }: { readonly time: string }) {
  const text = useSyncExternalStore(
    never,
    () => new Date(time).toLocaleTimeString("en-GB", FORMAT),
    () => "",
  );
  return (
    <time dateTime={time} className="inline-block min-w-9 tabular-nums">
      {text}
    </time>
  );
}

const never = () => () => {};
