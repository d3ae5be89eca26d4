import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { type Client, connectAll } from "./clients.js";

const TICK_MS = 10;

/** Takes webhooks, and counts their events. */
export class WebhookReceiver {
  events = 0;
  readonly #server = createServer(async (request, response) => {
    const { events }: { events: readonly unknown[] } = JSON.parse(await text(request));
    this.events += events.length;
    response.end();
  });

  static async start(): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, "127.0.0.1", resolve));
    return receiver;
  }

  /** Of an app: it is told which of the channels below come and go. */
  get webhook(): object {
    const url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
    return { url, events: ["channel_occupied", "channel_vacated"], filter: { prefix: "churn-" } };
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** One client that subscribes to new channels all the time, and leaves each a second later: two changes a channel. */
export class Churn {
  #opened = 0;
  #left = 0;
  readonly #timer: NodeJS.Timeout;

  private constructor(
    private readonly client: Client,
    perSecond: number,
  ) {
    const startedAt = performance.now();
    this.#timer = setInterval(() => {
      const due = Math.floor(((performance.now() - startedAt) * perSecond) / 1000);
      while (this.#opened < due) this.#say("subscribe", this.#opened++);
      while (this.#left < due - perSecond) this.#say("unsubscribe", this.#left++);
    }, TICK_MS);
  }

  /** @param perSecond channels */
  static async start(port: number, perSecond: number): Promise<Churn> {
    const [client] = await connectAll(port, 1, () => "still");
    if (client === undefined) throw new Error("There is no client.");
    client.onFrame = () => {};
    return new Churn(client, perSecond);
  }

  /** Leaves what is left. Answers how many changes there were. */
  stop(): number {
    clearInterval(this.#timer);
    while (this.#left < this.#opened) this.#say("unsubscribe", this.#left++);
    return this.#opened + this.#left;
  }

  close(): void {
    this.client.destroy();
  }

  #say(what: "subscribe" | "unsubscribe", channel: number): void {
    this.client.send(`{"event":"pusher:${what}","data":{"channel":"churn-${channel}"}}`);
  }
}
