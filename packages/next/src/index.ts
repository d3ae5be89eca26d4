export {
  type AuthContext,
  type AuthHandler,
  type AuthHandlerOptions,
  type Authorize,
  createAuthHandler,
} from "./auth-handler.js";
export type { Capability, Operation } from "./capability.js";
export type { AuthUser } from "./endpoint.js";
export { SetupError } from "./environment.js";
export type { PatternParams } from "./patterns.js";
export { type BatchEvent, createPublisher, PublishError, type Publisher, type PublisherOptions } from "./publisher.js";
export { createTokenHandler, type TokenHandler, type TokenHandlerOptions } from "./token-handler.js";
