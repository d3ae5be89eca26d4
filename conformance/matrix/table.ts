import type { Publisher, Subscriber } from "./client.js";
import * as ably from "./publishers/ably.js";
import { pusherClientEvent, pusherHttp } from "./publishers/pusher.js";
import * as rooms from "./publishers/rooms.js";
import * as io from "./publishers/socket-io.js";
import { ably as ablySubscribers } from "./subscribers/ably.js";
import { echoByPusher, echoBySocketIo } from "./subscribers/echo.js";
import { pusherJs, pusherJsByHttp } from "./subscribers/pusher-js.js";
import { eventStream, polling } from "./subscribers/rooms-http.js";
import { bare, version1 } from "./subscribers/rooms-socket.js";
import { socketIo } from "./subscribers/socket-io.js";

/** The rows: every way to publish. */
export const PUBLISHERS: readonly Publisher[] = [
  pusherHttp,
  pusherClientEvent,
  rooms.bare,
  rooms.version1,
  rooms.roomsHttp,
  ...io.socketIo,
  ...ably.ably,
];

/** Those and, of a way that has a choice, both: to hear itself and not to. */
export const HEARERS: readonly Publisher[] = [...PUBLISHERS, ...ably.withoutEcho];

/** The columns: every way to receive. */
export const SUBSCRIBERS: readonly Subscriber[] = [
  pusherJs,
  ...pusherJsByHttp,
  echoByPusher,
  bare,
  version1,
  eventStream,
  polling,
  ...socketIo,
  echoBySocketIo,
  ...ablySubscribers,
];

export interface Pair {
  readonly publisher: Publisher;
  readonly subscriber: Subscriber;
  /** How the test is titled. */
  readonly title: string;
  /** Why not everything arrives in such a pair; null: it does. */
  readonly gap: string | null;
}

const UNKEPT = "what is not kept comes while a request waits; between two requests it is missed";

export const PAIRS: readonly Pair[] = PUBLISHERS.flatMap((publisher) =>
  SUBSCRIBERS.map((subscriber) => ({
    publisher,
    subscriber,
    title: `${publisher.title} → ${subscriber.title}`,
    gap: subscriber.asks && !publisher.keeps ? UNKEPT : null,
  })),
);
