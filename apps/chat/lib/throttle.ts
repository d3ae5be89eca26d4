/** Calls `send` at most once in `everyMs`, at the end with the last value. */
export function throttle<T>(send: (value: T) => void, everyMs: number): (value: T) => void {
  let timer: ReturnType<typeof setTimeout> | null = null;
  let waiting: { readonly value: T } | null = null;

  function flush(): void {
    timer = null;
    if (waiting === null) return;
    const { value } = waiting;
    waiting = null;
    timer = setTimeout(flush, everyMs);
    send(value);
  }

  return (value) => {
    waiting = { value };
    if (timer === null) flush();
  };
}
