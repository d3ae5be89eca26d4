import { createHash, createHmac } from "node:crypto";
import Pusher from "pusher";
import { inject } from "vitest";
import { APPS, type AppName, SIGNERS, type SignerName } from "./apps.js";
import type { Answer } from "./backend.js";
import { HOST } from "./context.js";

/** An application's SDK, as its documentation says to make one. */
export function sdk(name: SignerName = "main", change: Partial<Pusher.BaseOptions> = {}): Pusher {
  const { id, key, secret } = SIGNERS[name];
  return new Pusher({ appId: id, key, secret, host: HOST, port: String(inject("ports").server), ...change });
}

/** What the server refused with. Rejects when it did not. */
export async function refusedWith(request: Promise<unknown>): Promise<Answer> {
  const outcome = await request.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(outcome instanceof Pusher.RequestError)) throw new Error(`Not refused: ${outcome}`);
  return { status: outcome.status ?? 0, body: outcome.body ?? "" };
}

export async function jsonOf(request: Promise<Pusher.Response>): Promise<unknown> {
  const response = await request;
  return response.json();
}

export interface SignedRequest {
  readonly method?: "GET" | "POST";
  /** Below `/apps/{id}`. */
  readonly path: string;
  readonly body?: string;
  /** What is signed: to add, to change and, by undefined, to leave out. */
  readonly params?: Readonly<Record<string, string | undefined>>;
  /** Added after signing. */
  readonly suffix?: string;
  readonly app?: AppName;
}

/** A request signed by hand, for what no SDK would send. */
export async function send({ method, path, body, params, suffix = "", app = "main" }: SignedRequest): Promise<Answer> {
  const { id, key, secret } = APPS[app];
  const verb = method ?? (body === undefined ? "GET" : "POST");
  const all = Object.entries({
    auth_key: key,
    auth_timestamp: String(Math.floor(Date.now() / 1000)),
    auth_version: "1.0",
    body_md5: body === undefined ? undefined : createHash("md5").update(body).digest("hex"),
    ...params,
  }).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const sorted = all.sort(([a], [b]) => (a < b ? -1 : 1));
  const text = `${verb}\n/apps/${id}${path}\n${sorted.map(([name, value]) => `${name}=${value}`).join("&")}`;
  const signature = createHmac("sha256", secret).update(text).digest("hex");
  const query = `${new URLSearchParams(sorted)}&auth_signature=${signature}${suffix}`;
  const url = `http://${HOST}:${inject("ports").server}/apps/${id}${path}?${query}`;
  const response = await fetch(url, { method: verb, ...(body !== undefined && { body }) });
  return { status: response.status, body: await response.text() };
}
