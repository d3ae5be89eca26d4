import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A request that arrived, with its events parsed. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly events: readonly Record<string, unknown>[];
}

/** An application's endpoint for webhooks, on loopback. */
export class WebhookReceiver {
  readonly received: Received[] = [];
  /** Connections that were opened to it. */
  connections = 0;
  /** How it answers; `null` never does. */
  answer: ((response: ServerResponse, request: Received) => void) | null = (response) => void response.end("ok");
  readonly #server = createServer(async (request, response) => {
    const body = await text(request);
    const received = { path: request.url ?? "", headers: request.headers, body, events: JSON.parse(body).events };
    this.received.push(received);
    this.answer?.(response, received);
  });

  static async start(): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver();
    const server = receiver.#server;
    server.on("connection", () => {
      receiver.connections += 1;
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hooks`;
  }

  /** All events of all requests, in the order they came. */
  get events(): readonly Record<string, unknown>[] {
    return this.received.flatMap(({ events }) => events);
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}
