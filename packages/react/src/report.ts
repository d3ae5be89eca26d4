/** Reports an error that must not stop what it happened in: as an uncaught one where that is possible, else on the console. */
export function report(error: unknown): void {
  if (typeof globalThis.reportError === "function") globalThis.reportError(error);
  else console.error(error);
}
