import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import Pusher from "pusher";
import { onTestFinished } from "vitest";
import { APPS } from "./apps.js";
import { HOST } from "./context.js";
import { Inbox } from "./inbox.js";

/** A request as an application's framework gives it to the SDK. */
export interface WebhookRequest {
  readonly headers: Record<string, string>;
  readonly rawBody: string;
}

export type WebhookEvent = Readonly<Record<string, unknown>>;

/** An application's endpoint for webhooks, which takes only what the SDK holds for valid. */
export class WebhookEndpoint {
  readonly requests: WebhookRequest[] = [];
  /** The events of all requests that were answered with 200. */
  readonly events = new Inbox<WebhookEvent>("event of a webhook");
  /** How it answers. False: it has not taken the events. */
  answer: (response: ServerResponse) => boolean = (response) => {
    response.end();
    return true;
  };

  private constructor(readonly url: string) {}

  /** Open as long as the test runs. */
  static async open(): Promise<WebhookEndpoint> {
    const server = createServer(async (request, response) => {
      const received = { headers: plain(request.headers), rawBody: await text(request) };
      endpoint.requests.push(received);
      if (!endpoint.answer(response)) return;
      const webhook = pusher.webhook(received);
      if (!webhook.isValid()) throw new Error(`The SDK holds this for no webhook of ours: ${received.rawBody}`);
      for (const event of webhook.getEvents()) endpoint.events.add({ ...event });
    });
    await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
    const endpoint = new WebhookEndpoint(`http://${HOST}:${(server.address() as AddressInfo).port}/webhooks`);
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return endpoint;
  }
}

const { id: appId, key, secret } = APPS.main;
const pusher = new Pusher({ appId, key, secret, host: HOST });

const plain = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
