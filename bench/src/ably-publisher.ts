import { decode, encode } from "@msgpack/msgpack";
import { ABLY_MSGPACK, type Client, connectAll } from "./clients.js";

const DATA = JSON.stringify({ text: "x".repeat(189) }); // 200 bytes
const ACK = 1;
const MESSAGE = 15;

/** Publishes over a connection of Ably's protocol, and waits for what the server acknowledges. */
export class AblyPublisher {
  #msgSerial = 0;

  private constructor(
    private readonly client: Client,
    private readonly underWay: number,
  ) {}

  /** @param underWay how many messages of each connection may be unacknowledged */
  static async connect(port: number, connections: number, underWay: number): Promise<AblyPublisher[]> {
    const clients = await connectAll(port, connections, (index) => `quiet-${index}`, { dialects: [ABLY_MSGPACK] });
    return clients.map((client) => new AblyPublisher(client, underWay));
  }

  /** Resolves when all are acknowledged. */
  publish(count: number, channelOf: (index: number) => string): Promise<void> {
    let sent = 0;
    let acknowledged = 0;
    const send = () => {
      const message = { action: MESSAGE, channel: channelOf(sent), messages: [{ name: "message", data: DATA }] };
      this.client.send(encode({ ...message, msgSerial: this.#msgSerial }));
      this.#msgSerial += 1;
      sent += 1;
    };
    return new Promise((resolve, reject) => {
      this.client.onFrame = (payload) => {
        const frame = decode(payload) as { action: number; count?: number; error?: { message: string } };
        if (frame.action !== ACK) return reject(new Error(`No ACK: ${JSON.stringify(frame)}`));
        acknowledged += frame.count ?? 1;
        while (sent < count && sent - acknowledged < this.underWay) send();
        if (acknowledged === count) resolve();
      };
      while (sent < Math.min(count, this.underWay)) send();
    });
  }

  close(): void {
    this.client.destroy();
  }
}
