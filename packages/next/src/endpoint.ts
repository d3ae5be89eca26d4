import { SetupError } from "./environment.js";
import { Refusal } from "./refusal.js";

/** Who asks. `info` is what other members of a presence channel see. */
export interface AuthUser {
  /** Not empty: users without one would all be the same user. */
  readonly id: string | number;
  readonly info?: unknown;
}

/** Who may ask an endpoint that signs. */
export interface EndpointOptions<User extends AuthUser> {
  /** The signed-in user, or null, which is answered with 401. */
  identify(request: Request): User | null | Promise<User | null>;
  /** Origins beside the page's own that may ask, such as `https://app.example.com`. */
  readonly origins?: readonly string[];
}

export type RouteHandler = (request: Request) => Promise<Response>;

/** Answers the signed-in user with what `sign` makes, as JSON; a {@link Refusal} with its status and its sentence. */
export function endpoint<User extends AuthUser>(
  options: EndpointOptions<User>,
  sign: (user: User, request: Request) => Promise<object>,
): RouteHandler {
  return async (request) => {
    try {
      refuseForeignOrigin(request, options.origins ?? []);
      const user = await options.identify(request);
      if (user === null || user === undefined) throw new Refusal(401, "Sign in first.");
      requireId(user);
      return Response.json(await sign(user, request), { headers: { "cache-control": "no-store" } });
    } catch (error) {
      if (error instanceof Refusal) return refused(error);
      if (!(error instanceof SetupError)) throw error;
      console.error(error);
      return new Response(isDevelopment() ? error.message : "Not set up.", { status: 500 });
    }
  };
}

/** The types say so; what a session lacks is `any` too often. @throws SetupError */
function requireId({ id }: AuthUser): void {
  if ((typeof id === "string" && id !== "") || Number.isFinite(id)) return;
  throw new SetupError("identify must answer a user with an id that is a number or a text that is not empty.");
}

export const isDevelopment = (): boolean => process.env.NODE_ENV === "development";

/** In development the terminal of `next dev` has the reason too: the browser's network panel is where nobody looks. */
function refused({ status, message }: Refusal): Response {
  if (isDevelopment()) console.warn(`@polywire/next refused (${status}): ${message}`);
  return new Response(`${message}\n`, { status });
}

/** A page of another site could else have its visitor's session sign for it. Who sends no origin is no browser. */
function refuseForeignOrigin(request: Request, origins: readonly string[]): void {
  const origin = request.headers.get("origin");
  if (origin === null || origins.includes(origin)) return;
  const host = request.headers.get("x-forwarded-host") ?? request.headers.get("host") ?? new URL(request.url).host;
  if (URL.canParse(origin) && new URL(origin).host === host) return;
  throw new Refusal(403, "Pages of this origin may not ask.");
}
