import type { Channel, ChannelAuthorizationHandler, Options, PresenceChannel } from "pusher-js";
import Pusher from "pusher-js";
import { inject, onTestFinished } from "vitest";
import { backendUrl } from "./application.js";
import { APPS, type AppName, type SignerName } from "./apps.js";
import { HOST } from "./context.js";
import { Inbox, inboxOf } from "./inbox.js";

export const isBrowser = typeof window !== "undefined";

export interface User {
  readonly user_id: string | number;
  readonly user_info?: unknown;
}

/** Ways to the server that pusher-js knows by these names. */
export const TRANSPORTS = ["ws", "xhr_streaming", "xhr_polling"] as const;
export type TransportName = (typeof TRANSPORTS)[number];

/** Who signs in. */
export interface Account {
  readonly id: string;
  readonly user_info?: unknown;
  readonly watchlist?: readonly string[];
}

export interface ClientOptions {
  readonly app?: AppName;
  /** As whom the backend signs. */
  readonly user?: User;
  /** As whom it signs in, once `signin` is called. */
  readonly account?: Account;
  /** Whose secret the backend signs with, if not the app's. */
  readonly signer?: SignerName;
  /** Which build of pusher-js. */
  readonly Client?: typeof Pusher;
  readonly transport?: TransportName;
  readonly options?: Partial<Options>;
}

/** What pusher-js emits as `error` of its connection. */
export interface ConnectionError {
  readonly type: string;
  /** Of an error that ended the connection or its handshake. */
  readonly error?: { readonly type: string; readonly data: ProtocolError };
  /** Of one that did not. */
  readonly data?: ProtocolError;
}

export interface ProtocolError {
  readonly code: number;
  readonly message: string;
}

export interface SubscriptionError {
  readonly type: string;
  readonly error: string;
  readonly status?: number;
}

/** A message as pusher-js read it from the wire. */
export interface WireEvent {
  readonly event: string;
  readonly channel?: string;
  readonly data: unknown;
}

/** A name that no other test has. */
export const unique = (prefix: string): string => `${prefix}-${crypto.randomUUID()}`;

/** The options that take a client to the server under test, and to the backend that signs for it. */
export function clientOptions(options: ClientOptions = {}): Options {
  const { app = "main", user, account, signer = app, transport = "ws" } = options;
  const query = { app: signer, ...(user !== undefined && { user: JSON.stringify(user) }) };
  const accountQuery = { app: signer, user: JSON.stringify(account ?? {}) };
  return {
    cluster: "none",
    wsHost: HOST,
    wsPort: inject("ports").server,
    httpHost: HOST,
    httpPort: inject("ports").server,
    forceTLS: false,
    enabledTransports: [transport],
    channelAuthorization: { transport: "ajax", endpoint: backendUrl("/pusher/auth", query) },
    userAuthentication: { transport: "ajax", endpoint: backendUrl("/pusher/user-auth", accountQuery) },
    ...options.options,
  };
}

/** A client that is about to connect, and is disconnected when the test ends. */
export function open(options: ClientOptions = {}, key: string = APPS[options.app ?? "main"].key): Pusher {
  const { Client = Pusher } = options;
  const pusher = new Client(key, clientOptions(options));
  onTestFinished(() => pusher.disconnect());
  return pusher;
}

/** A client that is connected. */
export async function connect(options: ClientOptions = {}): Promise<Pusher> {
  const pusher = open(options);
  await connected(pusher);
  return pusher;
}

export async function connected({ connection }: Pusher): Promise<void> {
  if (connection.state === "connected") return;
  const outcome = new Inbox<ConnectionError | null>("end of the handshake");
  connection.bind("connected", () => outcome.add(null));
  connection.bind("error", outcome.add);
  const error = await outcome.next();
  if (error !== null) throw new Error(`The connection failed: ${JSON.stringify(error)}`);
}

/** A client that is connected and signed in. */
export async function signIn(account: Account, options: Omit<ClientOptions, "account"> = {}): Promise<Pusher> {
  const pusher = open({ ...options, account });
  const succeeded = inboxOf(pusher, "pusher:signin_success");
  pusher.signin();
  await succeeded.next();
  await subscribed(pusher.user.serverToUserChannel);
  return pusher;
}

/** Resolves when the channel is subscribed to; bind before what must not be missed. */
export async function subscribed<C extends Channel>(channel: C): Promise<C> {
  const error = channel.subscribed ? null : await answerTo(channel);
  if (error !== null) throw new Error(`${channel.name} was refused: ${JSON.stringify(error)}`);
  return channel;
}

export const subscribe = (pusher: Pusher, name: string): Promise<Channel> => subscribed(pusher.subscribe(name));

/** As {@link subscribe}, of a channel whose name begins with `presence-`. */
export const join = (pusher: Pusher, name: string): Promise<PresenceChannel> =>
  subscribed(pusher.subscribe(name) as PresenceChannel);

/** Subscribes where the server must refuse. Rejects when it does not. */
export async function refusal(pusher: Pusher, name: string): Promise<SubscriptionError> {
  const error = await answerTo(pusher.subscribe(name));
  if (error === null) throw new Error(`${name} was subscribed to.`);
  return error;
}

/** The answer to a subscription that is under way: null when it succeeded. */
function answerTo(channel: Channel): Promise<SubscriptionError | null> {
  const answer = new Inbox<SubscriptionError | null>(`answer to the subscription of ${channel.name}`);
  channel.bind("pusher:subscription_succeeded", () => answer.add(null));
  channel.bind("pusher:subscription_error", answer.add);
  return answer.next();
}

/** Everything that arrives at a client, known to it or not. */
export const wireOf = (pusher: Pusher): Inbox<WireEvent> => inboxOf<WireEvent>(pusher.connection, "message");

/** Resolves when the server has done all that `pusher` asked of it before. */
export async function settled(pusher: Pusher): Promise<void> {
  await subscribe(pusher, unique("settled"));
}

type Params = Parameters<ChannelAuthorizationHandler>[0];
type Signed = Parameters<Parameters<ChannelAuthorizationHandler>[1]>[1] & object;

/** An authorization by a handler that tampers with what it asks the backend to sign, or with what comes back. */
export function authorizer({
  user,
  ask = (params) => params,
  use = (signed) => signed,
}: {
  readonly user?: User;
  readonly ask?: (params: Params) => Params;
  readonly use?: (signed: Signed) => Signed;
} = {}): Partial<Options> {
  const customHandler: ChannelAuthorizationHandler = (params, callback) => {
    sign(ask(params), user).then(
      (signed) => callback(null, use(signed)),
      (error) => callback(error, null),
    );
  };
  return { channelAuthorization: { customHandler } };
}

/** What the backend's endpoint answers. */
export async function sign({ socketId, channelName }: Params, user?: User): Promise<Signed> {
  const body = new URLSearchParams({ socket_id: socketId, channel_name: channelName });
  const url = backendUrl("/pusher/auth", user === undefined ? {} : { user: JSON.stringify(user) });
  const response = await fetch(url, { method: "POST", body });
  return response.json();
}
