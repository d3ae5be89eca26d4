import { inject } from "vitest";
import type { SignerName } from "./apps.js";
import type { Answer } from "./backend.js";
import { HOST } from "./context.js";

export interface BatchEvent {
  readonly channel: string;
  readonly name: string;
  readonly data: unknown;
  readonly socket_id?: string;
}

type Query = Readonly<Record<string, string>>;

/** The address of something in the application's backend. */
export function backendUrl(path: string, query: Query = {}): string {
  return `http://${HOST}:${inject("ports").backend}${path}?${new URLSearchParams(query)}`;
}

/** Publishes through the backend. @throws Error when the server refuses */
export async function trigger(
  channels: string | readonly string[],
  event: string,
  data: unknown,
  { app = "main", ...params }: { readonly app?: SignerName; readonly socket_id?: string } = {},
): Promise<void> {
  const url = backendUrl("/trigger", { app });
  await succeeded(await post(url, { channels, event, data, params }));
}

/** A JWT that the application signs for the app `main`. */
export async function tokenOf(claims: object): Promise<string> {
  const response = await fetch(backendUrl("/token", { claims: JSON.stringify(claims) }));
  return response.json();
}

/** Publishes several events at once. @throws Error when the server refuses */
export async function triggerBatch(events: readonly BatchEvent[]): Promise<void> {
  await succeeded(await post(backendUrl("/batch"), events));
}

/** Sends to all connections that signed in as the user. @throws Error when the server refuses */
export async function sendToUser(userId: string, event: string, data: unknown): Promise<void> {
  await succeeded(await post(backendUrl("/send-to-user"), { userId, event, data }));
}

/** Ends all connections that signed in as the user. @throws Error when the server refuses */
export async function terminate(userId: string): Promise<void> {
  await succeeded(await post(backendUrl("/terminate"), { userId }));
}

/** Asks the server's HTTP API. @throws Error when the server refuses */
export async function query<T>(path: string, params: Query = {}): Promise<T> {
  const answer = await answerOf(await fetch(backendUrl("/get", { path, ...params })));
  return JSON.parse(await succeeded(answer));
}

async function post(url: string, body: unknown): Promise<Answer> {
  return answerOf(
    await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  );
}

async function answerOf(response: Response): Promise<Answer> {
  return { status: response.status, body: await response.text() };
}

function succeeded({ status, body }: Answer): string {
  if (status !== 200) throw new Error(`The server answered ${status}: ${body}`);
  return body;
}
