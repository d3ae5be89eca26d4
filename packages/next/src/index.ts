export {
  type AuthContext,
  type AuthHandler,
  type AuthHandlerOptions,
  type Authorize,
  type AuthUser,
  createAuthHandler,
} from "./auth-handler.js";
export { SetupError } from "./environment.js";
export type { PatternParams } from "./patterns.js";
export { type BatchEvent, createPublisher, PublishError, type Publisher, type PublisherOptions } from "./publisher.js";
