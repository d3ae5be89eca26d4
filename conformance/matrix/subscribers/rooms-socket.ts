import { unique } from "../../support/client.js";
import { Inbox } from "../../support/inbox.js";
import { RoomSocket } from "../../support/rooms.js";
import {
  type Access,
  type Change,
  type OpenSubscriber,
  type Said,
  type Subscriber,
  token as tokenOf,
} from "../client.js";

export interface Frame {
  readonly type: string;
  readonly [field: string]: unknown;
}

export interface RoomClient extends OpenSubscriber {
  readonly socket: RoomSocket;
  /** What the server answered to commands. */
  readonly answers: Inbox<Frame>;
}

/** An event, or a change of presence, into the inbox it belongs to; false: it is neither. */
export function sort(frame: Frame, { received, members }: Pick<OpenSubscriber, "received" | "members">): boolean {
  if (frame.type === "message") received.add({ name: frame.event as string | null, data: frame.data });
  else if (frame.type === "presence" && frame.action !== "update") members.add(change(frame));
  return frame.type === "message" || frame.type === "presence";
}

const change = ({ action, from }: Frame): Change => ({ action: action as Change["action"], user: from });

export async function openVersion1(room: string, access: Access, user = unique("user")): Promise<RoomClient> {
  const token = await tokenOf(user, access);
  const socket = new RoomSocket(`/rooms?token=${token}`, ["polywire.v1"]);
  const [received, members] = [new Inbox<Said>("message"), new Inbox<Change>("presence")];
  const answers = new Inbox<Frame>("answer");
  socket.socket.addEventListener("message", ({ data }) => {
    const frame = JSON.parse(String(data));
    if (!sort(frame, { received, members })) answers.add(frame);
  });
  const { connectionId } = await answers.next();
  socket.send({ type: "join", room });
  const { type, message } = await answers.next();
  const refusal = type === "joined" ? null : String(message);
  return { socket, answers, received, members, token, id: String(connectionId), refusal };
}

/** Bare mode has no acknowledgements: a frame that is none is answered after what was sent before it. */
const PROBE = "settled?";

export async function openBare(room: string, access: Access): Promise<RoomClient> {
  const token = await tokenOf(unique("user"), access);
  const socket = new RoomSocket("/", [token]);
  const [received, answers] = [new Inbox<Said>("data"), new Inbox<Frame>("answer")];
  socket.socket.addEventListener("message", ({ data }) => {
    const frame = JSON.parse(String(data));
    if (frame?.type === "connected" || frame?.type === "error") answers.add(frame);
    else received.add({ name: null, data: frame });
  });
  await answers.next();
  const client = { socket, answers, received, members: new Inbox<Change>("member"), token, id: null };
  socket.send({ type: "join", room });
  return { ...client, refusal: await refusalOf(client) };
}

/** What the server has refused since it was asked last; null: nothing. */
export async function refusalOf({ socket, answers }: Pick<RoomClient, "socket" | "answers">): Promise<string | null> {
  let refusal: string | null = null;
  // What is refused after a promise's turn is answered after the first probe, and before the second.
  for (let probe = 0; probe < 2; probe++) {
    socket.send({ type: PROBE });
    for (;;) {
      const message = String((await answers.next()).message);
      if (message.includes(PROBE)) break;
      refusal ??= message;
    }
  }
  return refusal;
}

const shared = { protocol: "rooms", asks: false } as const;

export const bare: Subscriber = {
  ...shared,
  title: "rooms, bare",
  hasNames: false,
  seesMembers: false,
  excludedBy: null,
  open: openBare,
};

export const version1: Subscriber = {
  ...shared,
  title: "rooms, version 1",
  hasNames: true,
  seesMembers: true,
  excludedBy: "connection",
  open: openVersion1,
};
