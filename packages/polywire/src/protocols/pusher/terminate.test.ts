import { createHmac } from "node:crypto";
import { afterEach, expect, it } from "vitest";
import { WebSocket } from "ws";
import { createServer } from "../../index.js";

const APP = { id: "1", key: "app-key", secret: "app-secret-of-a-test" };
const USER = JSON.stringify({ id: "ann" });
const ROUNDS = 30;
const stops: (() => unknown)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** A connection that signs in as Ann and joins her channel as soon as it is open. */
class Client {
  readonly events: string[] = [];
  readonly closed: Promise<number>;
  readonly signedIn: Promise<void>;
  readonly socket: WebSocket;

  constructor(port: number) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/app/${APP.key}?protocol=7`);
    this.closed = new Promise((resolve) => this.socket.once("close", resolve));
    this.signedIn = new Promise((resolve) => {
      this.socket.on("message", (data) => {
        const { event, data: content } = JSON.parse(String(data));
        this.events.push(event);
        if (event === "pusher:connection_established") this.#signIn(JSON.parse(content).socket_id);
        if (event === "pusher_internal:subscription_succeeded") resolve();
      });
      this.socket.once("close", () => resolve());
    });
    stops.push(() => this.socket.terminate());
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  #signIn(socketId: string): void {
    const auth = createHmac("sha256", APP.secret).update(`${socketId}::user::${USER}`).digest("hex");
    this.#send("pusher:signin", { auth: `${APP.key}:${auth}`, user_data: USER });
    this.#send("pusher:subscribe", { channel: "#server-to-user-ann" });
  }

  #send(event: string, data: object): void {
    this.socket.send(JSON.stringify({ event, data }));
  }
}

it("a user who comes back while being terminated is either ended with 4009 or whole, and nothing is left of the ended", async () => {
  const server = createServer({ port: 0, adminPort: 0, logLevel: "silent", apps: [APP] });
  stops.push(() => server.close());
  const { port, adminPort } = await server.listen();
  const post = (path: string, content: object) =>
    fetch(`http://127.0.0.1:${port}/apps/1${path}`, {
      method: "POST",
      body: JSON.stringify(content),
      headers: { authorization: `Bearer ${APP.secret}` },
    });
  const terminate = () => post("/users/ann/terminate_connections", {});
  const clients = [new Client(port)];
  for (let round = 0; round < ROUNDS; round++) {
    const [before] = clients.slice(-1);
    await before?.signedIn;
    const ending = terminate();
    for (let coming = 0; coming < 3; coming++) clients.push(new Client(port)); // while it is under way
    expect((await ending).status).toBe(200);
    expect(await before?.closed).toBe(4009);
  }
  await Promise.all(clients.map(({ signedIn }) => signedIn));

  await post("/events", { name: "news", data: "{}", channels: ["#server-to-user-ann"] });
  const open = clients.filter(({ isOpen }) => isOpen);
  expect(open.length).toBeGreaterThan(0);
  await expect.poll(() => open.filter(({ events }) => !events.includes("news")).length, { timeout: 20_000 }).toBe(0);

  await terminate();
  expect(new Set(await Promise.all(clients.map(({ closed }) => closed)))).toEqual(new Set([4009]));
  expect(clients.filter(({ events }) => events.includes("news"))).toEqual(open);
  const metrics = async () => (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  await expect.poll(metrics, { timeout: 20_000 }).toContain('rt_connections{protocol="pusher"} 0');
  expect(await metrics()).toContain("rt_channels 0");
}, 60_000);
