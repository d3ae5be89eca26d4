import { type AppRegistry, allowsOrigin } from "../../core/apps.js";
import type { HttpRequest, HttpResponse, RequestHead } from "../../core/protocol.js";

type Headers = Readonly<Record<string, string>>;

const PREFLIGHT: Headers = {
  "access-control-allow-methods": "GET, POST",
  "access-control-allow-headers": "authorization, content-type, last-event-id",
  "access-control-max-age": "7200",
};

/**
 * What lets a page read the answer, be it an error: its origin is one of some app's. A page that is none of the app's it
 * asks for is refused by `admit`, and not told why. Cookies play no part, so credentials are not allowed.
 */
export function corsHeaders({ all }: AppRegistry, request: RequestHead): Headers {
  const origin = request.header("origin");
  if (origin === null || !all.some((app) => allowsOrigin(app, origin))) return {};
  return { "access-control-allow-origin": origin, vary: "origin" };
}

/** The answer to a preflight (Fetch, 4.8): it carries no token, so it cannot be an app's. */
export function preflight(apps: AppRegistry, request: HttpRequest): HttpResponse {
  return { status: 204, contentType: "text/plain", headers: { ...corsHeaders(apps, request), ...PREFLIGHT }, body: "" };
}
