import type { IncomingMessage, ServerResponse } from "node:http";
import type { TLSSocket } from "node:tls";
import { LimitError, RealtimeError } from "../../core/errors.js";
import type { HttpResponse, RequestHead } from "../../core/protocol.js";

/** A request as the protocols see it. */
export function requestHead(
  request: IncomingMessage,
  { path, query }: Target,
  params: Readonly<Record<string, string | undefined>>,
): RequestHead {
  return {
    method: request.method ?? "GET",
    path,
    query,
    params,
    header(name) {
      const value = request.headers[name];
      return Array.isArray(value) ? (value[0] ?? null) : (value ?? null);
    },
    secure: isSecure(request),
  };
}

/** Whether the client came over TLS. One that lies about its proxy gives up its own protection and nobody else's. */
export function isSecure(request: IncomingMessage): boolean {
  return (request.socket as TLSSocket).encrypted === true || forwardedProtocol(request) === "https";
}

/** What the first proxy was asked by, of a list such as `https, http`. */
function forwardedProtocol({ headers }: IncomingMessage): string | undefined {
  return String(headers["x-forwarded-proto"] ?? "")
    .split(",")[0]
    ?.trim()
    .toLowerCase();
}

export interface Target {
  /** Undecoded, without the prefix. */
  readonly path: string;
  readonly query: string;
  /** Whether the prefix was there; true where none is configured. */
  readonly isPrefixed: boolean;
}

/** Splits a request's URL and takes the prefix off where it is there. */
export function target(url: string, prefix: string): Target {
  const at = url.indexOf("?");
  const path = at === -1 ? url : url.slice(0, at);
  const query = at === -1 ? "" : url.slice(at + 1);
  const isPrefixed = path.startsWith(`${prefix}/`);
  return { path: isPrefixed ? path.slice(prefix.length) : path, query, isPrefixed };
}

/**
 * The body.
 *
 * @param take takes so many bytes more; false where there is no room for them
 * @throws LimitError when it is larger than `maxRequestBytes`; RealtimeError `over-capacity`; Error when the client goes away
 */
export function readBody(
  request: IncomingMessage,
  maxRequestBytes: number,
  take: (bytes: number) => boolean,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const giveUp = (reason: RealtimeError) => {
      request.removeAllListeners("data");
      reject(reason);
    };
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxRequestBytes) giveUp(tooLarge(maxRequestBytes));
      else if (!take(chunk.length)) giveUp(tooMany());
      else chunks.push(chunk);
    });
    request.on("end", () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    request.on("error", reject);
    request.on("close", () => {
      if (!request.complete) reject(new Error("The client went away."));
    });
  });
}

const tooLarge = (limit: number): LimitError =>
  new LimitError(
    "too-large",
    "maxRequestBytes",
    `The body is larger than the limit (maxRequestBytes), ${limit} bytes.`,
  );

const tooMany = (): RealtimeError =>
  new RealtimeError("over-capacity", "The server is reading as many requests as it can.", "Try again in a second.");

export function respond(response: ServerResponse, { status, contentType, headers, body }: HttpResponse): void {
  if (response.destroyed) return;
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
  // Every limit that is meant so lets one more pass within a second.
  if ((status === 429 || status === 503) && headers?.["retry-after"] === undefined)
    response.setHeader("retry-after", "1");
  // RFC 9110, 8.6: a 204 has no length.
  const content = status === 204 ? {} : { "content-type": contentType, "content-length": Buffer.byteLength(body) };
  response.writeHead(status, content).end(body);
}

export const plain = (status: number, body: string): HttpResponse => ({ status, contentType: "text/plain", body });
