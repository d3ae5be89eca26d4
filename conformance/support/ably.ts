import * as Ably from "ably";
import { inject, onTestFinished } from "vitest";
import { HOST } from "./context.js";
import { Inbox } from "./inbox.js";

/** Keys of the app `ably`: of everything, of what begins with `chat:`, and of derived channels, with tokens to revoke. */
export const KEYS = {
  all: "ably.all:ably-key-secret",
  chat: "ably.chat:chat-key-secret",
  derived: "ably.derived:derived-key-secret",
};

/** Keys of the app `unhurried`: of everything, and of a channel that no test uses. */
export const UNHURRIED_KEYS = { all: "9.all:ably-key-secret", elsewhere: "9.elsewhere:elsewhere-key-secret" };

/** What takes the SDK to the server under test. */
export function ablyOptions(options: Ably.ClientOptions = {}): Ably.ClientOptions {
  const credentials = options.authCallback || options.authUrl || options.token ? {} : { key: KEYS.all };
  return { endpoint: HOST, port: inject("ports").server, tls: false, logLevel: 0, ...credentials, ...options };
}

/** The key of the app `small`. */
export const SMALL_KEY = "4.all:ably-key-secret";

/** A client that connects, and is closed when the test ends. */
export function realtime(options: Ably.ClientOptions = {}): Ably.Realtime {
  const client = new Ably.Realtime(ablyOptions(options));
  onTestFinished(() => client.close());
  return client;
}

export const rest = (options: Ably.ClientOptions = {}): Ably.Rest => new Ably.Rest(ablyOptions(options));

/** What arrives on a channel from now on; resolves when it is attached. */
export async function messagesOf(channel: Ably.RealtimeChannel): Promise<Inbox<Ably.InboundMessage>> {
  const inbox = new Inbox<Ably.InboundMessage>(`message on ${channel.name}`);
  await channel.subscribe(inbox.add);
  return inbox;
}

/** Who comes, goes and changes on a channel from now on. */
export async function presenceOf(channel: Ably.RealtimeChannel): Promise<Inbox<Ably.PresenceMessage>> {
  const inbox = new Inbox<Ably.PresenceMessage>(`presence on ${channel.name}`);
  await channel.presence.subscribe(inbox.add);
  return inbox;
}

/** What the server refused with. Rejects when it did not. */
export async function ablyRefusal(request: Promise<unknown>): Promise<Ably.ErrorInfo> {
  const outcome = await request.then(
    () => null,
    (error: unknown) => error,
  );
  if (outcome instanceof Ably.ErrorInfo) return outcome;
  throw new Error(`Not refused: ${outcome}`);
}

/** Every way to the server: both formats over a WebSocket, and plain HTTP. */
export const WAYS: readonly (readonly [string, Ably.ClientOptions])[] = [
  ["JSON", { useBinaryProtocol: false, transports: ["web_socket"] }],
  ["MessagePack", { useBinaryProtocol: true, transports: ["web_socket"] }],
  ["HTTP", { transports: [typeof window === "undefined" ? "comet" : "xhr_polling"] as never }],
];

/** The client's network goes away, and it does not try again for half a minute. */
export function goAway(client: Ably.Realtime): Promise<void> {
  // biome-ignore lint/suspicious/noExplicitAny: the SDK has no word for a network that goes away
  const { connectionManager } = client.connection as any;
  const gone = new Promise<void>((resolve) => client.connection.once("suspended", () => resolve()));
  client.connection.once("disconnected", () => connectionManager.notifyState({ state: "suspended" }));
  connectionManager.disconnectAllTransports();
  return gone;
}
