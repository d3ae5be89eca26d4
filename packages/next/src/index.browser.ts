import { SetupError } from "./environment.js";

export { SetupError } from "./environment.js";

function serverOnly(name: string): never {
  throw new SetupError(
    `${name} holds the app's secret and must not reach a client bundle. Import it on the server only.`,
  );
}

/** @throws SetupError always */
export const createPublisher = (): never => serverOnly("createPublisher");

/** @throws SetupError always */
export const createAuthHandler = (): never => serverOnly("createAuthHandler");

/** @throws SetupError always */
export const createTokenHandler = (): never => serverOnly("createTokenHandler");
