import { SetupError } from "./environment.js";

export { createAuthHandler } from "./auth-handler.js";
export { SetupError } from "./environment.js";
export { createTokenHandler } from "./token-handler.js";

/** @throws SetupError always: the edge runtime lacks what signing a publish needs */
export function createPublisher(): never {
  throw new SetupError('createPublisher needs Node: remove `export const runtime = "edge"` from this route.');
}
