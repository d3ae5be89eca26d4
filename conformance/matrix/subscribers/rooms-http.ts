import { onTestFinished } from "vitest";
import { unique } from "../../support/client.js";
import { Inbox } from "../../support/inbox.js";
import { roomUrl } from "../../support/rooms.js";
import {
  type Access,
  type Change,
  type OpenSubscriber,
  type Said,
  type Subscriber,
  token as tokenOf,
} from "../client.js";
import { type Frame, sort } from "./rooms-socket.js";

const WAIT_SECONDS = "20";

interface Listener extends OpenSubscriber {
  readonly id: string;
  readonly token: string;
  /** Ends what it asks for, when the test ends. */
  readonly signal: AbortSignal;
}

async function listener(access: Access): Promise<Omit<Listener, "refusal">> {
  const abort = new AbortController();
  onTestFinished(() => abort.abort());
  return {
    received: new Inbox<Said>("message"),
    members: new Inbox<Change>("presence"),
    token: await tokenOf(unique("user"), access),
    id: crypto.randomUUID(),
    signal: abort.signal,
  };
}

async function openStream(room: string, access: Access): Promise<OpenSubscriber> {
  const client = await listener(access);
  const { token, id, signal } = client;
  const response = await fetch(roomUrl(room, "events", { token, connection: id }), { signal });
  if (response.status !== 200) return { ...client, refusal: await response.text() };
  const answer = new Inbox<string | null>("answer of the event stream");
  const read = async () => {
    for await (const frame of framesOf(response)) {
      if (frame.type === "joined") answer.add(null);
      else if (frame.type === "error") answer.add(String(frame.message));
      else sort(frame, client);
    }
  };
  read().catch((error) => unlessAborted(error, signal));
  return { ...client, refusal: await answer.next() };
}

/** The `data` of each event (HTML, 9.2.6), one line each. */
async function* framesOf({ body }: Response): AsyncGenerator<Frame> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    const events = text.split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) {
      const data = event.split("\n").find((line) => line.startsWith("data: "));
      if (data !== undefined) yield JSON.parse(data.slice("data: ".length));
    }
  }
}

interface Page {
  readonly serial: string;
  readonly recovered?: boolean;
  readonly messages: readonly Frame[];
}

async function openPolling(room: string, access: Access): Promise<OpenSubscriber> {
  const client = await listener(access);
  const { token, id, signal } = client;
  const ask = (query: Record<string, string>) =>
    fetch(roomUrl(room, "messages", { token, connection: id, ...query }), { signal });
  const first = await ask({});
  if (first.status !== 200) return { ...client, refusal: await first.text() };
  let { serial } = (await first.json()) as Page;
  const read = async () => {
    while (!signal.aborted) {
      const page = (await (await ask({ since: serial, wait: WAIT_SECONDS })).json()) as Page;
      if (page.recovered === false) throw new Error(`The poll was not recovered: ${JSON.stringify(page)}`);
      serial = page.serial;
      for (const frame of page.messages) sort(frame, client);
    }
  };
  read().catch((error) => unlessAborted(error, signal));
  return { ...client, refusal: null };
}

function unlessAborted(error: unknown, { aborted }: AbortSignal): void {
  if (!aborted) throw error;
}

const shared = { protocol: "rooms", hasNames: true, seesMembers: true, excludedBy: "connection" } as const;

export const eventStream: Subscriber = { ...shared, title: "rooms, event stream", asks: false, open: openStream };
export const polling: Subscriber = { ...shared, title: "rooms, polling", asks: true, open: openPolling };
