import { createHmac } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import PusherServer from "pusher";
import Pusher from "pusher-js";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { folder, freePort, polywire } from "../support/command.js";

const APP = { id: "7", key: "seven", secret: "canary" };

let port: number;
let output: () => string;

beforeEach(async () => {
  port = await freePort();
  const cwd = folder();
  const names = { PUSHER_APP_ID: APP.id, NEXT_PUBLIC_PUSHER_KEY: APP.key, PUSHER_SECRET: APP.secret, ...hosts() };
  const lines = Object.entries(names).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(join(cwd, ".env.local"), lines.join(""));
  ({ output } = await polywire(["dev"], { cwd, until: "Ctrl-C stops." }));
});

const hosts = () =>
  Object.fromEntries(
    ["PUSHER", "NEXT_PUBLIC_PUSHER"].flatMap((name) => [
      [`${name}_HOST`, "127.0.0.1"],
      [`${name}_PORT`, String(port)],
      [`${name}_SCHEME`, "http"],
    ]),
  );

/** Waits for a line that matches, and returns it. */
async function line(pattern: RegExp): Promise<string> {
  await expect.poll(output, { timeout: 15_000 }).toMatch(pattern);
  return (
    output()
      .split("\n")
      .find((text) => pattern.test(text)) ?? ""
  );
}

const backend = (app: Partial<typeof APP> = {}): PusherServer => {
  const { id, key, secret } = { ...APP, ...app };
  return new PusherServer({ appId: id, key, secret, host: "127.0.0.1", port: String(port), useTLS: false });
};

/** A client whose auth endpoint signs with `secret`, for the user with this id. */
async function client({ key = APP.key, secret = APP.secret, user = "ada" } = {}): Promise<Pusher> {
  const pusher = new Pusher(key, {
    cluster: "none",
    wsHost: "127.0.0.1",
    wsPort: port,
    forceTLS: false,
    enabledTransports: ["ws"],
    channelAuthorization: {
      endpoint: "",
      transport: "ajax",
      customHandler({ socketId, channelName }, done) {
        const member = channelName.startsWith("presence-") ? { user_id: user } : undefined;
        done(null, backend({ secret }).authorizeChannel(socketId, channelName, member));
      },
    },
  });
  onTestFinished(() => pusher.disconnect());
  await new Promise<void>((resolve) => {
    pusher.connection.bind("connected", () => resolve());
    pusher.connection.bind("error", () => resolve());
  });
  return pusher;
}

const idOf = (pusher: Pusher): string => pusher.connection.socket_id.replace(".", "\\.");

const subscribed = (pusher: Pusher, name: string): Promise<void> =>
  new Promise((resolve) => void pusher.subscribe(name).bind("pusher:subscription_succeeded", () => resolve()));

const refused = (request: Promise<unknown>) => expect(request).rejects.toThrow();

describe("polywire dev shows", () => {
  it("connections, subscriptions, and their end", async () => {
    const pusher = await client();
    const id = idOf(pusher);
    await subscribed(pusher, "news");
    await line(new RegExp(`^\\d\\d:\\d\\d:\\d\\d {2}connected {7}${id} from no page$`, "m"));
    await line(new RegExp(`subscribed {6}news by ${id}$`, "m"));
    pusher.unsubscribe("news");
    await line(new RegExp(`unsubscribed {4}news by ${id}$`, "m"));
    pusher.disconnect();
    await line(new RegExp(`disconnected {4}${id} \\(1\\d{3}, closed by the client\\)$`, "m"));
  });

  it("the origin of the page that connects", async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/app/seven?protocol=7`, { origin: "http://localhost:3000" });
    onTestFinished(() => socket.terminate());
    await line(/connected +\d+\.\d+ from http:\/\/localhost:3000$/m);
  });

  it("members, and a member's second connection", async () => {
    const [one, two] = [await client(), await client()];
    await subscribed(one, "presence-room");
    await line(new RegExp(`member added {4}presence-room user "ada" by ${idOf(one)}$`, "m"));
    await subscribed(two, "presence-room");
    await line(new RegExp(`entered +presence-room user "ada" by ${idOf(two)}, who is a member already`, "m"));
    one.unsubscribe("presence-room");
    await line(new RegExp(`left +presence-room user "ada" by ${idOf(one)}, who is a member still`, "m"));
    two.unsubscribe("presence-room");
    await line(new RegExp(`member removed {2}presence-room user "ada" by ${idOf(two)}$`, "m"));
  });

  it("events with their data, and how many they go to", async () => {
    const [one, two] = [await client(), await client()];
    await Promise.all([subscribed(one, "private-x"), subscribed(two, "private-x")]);
    await backend().trigger("private-x", "saved", { id: 1 });
    await line(/ event {11}private-x saved \{"id":1\} to 2 subscribers$/m);
    await backend().trigger("private-x", "spared", { id: 1 }, { socket_id: one.connection.socket_id });
    await line(/event +private-x spared \{"id":1\} to 1 subscriber$/m);
    await backend().trigger("nowhere", "saved", "x".repeat(200));
    await line(/event +nowhere saved x{100}… to nobody$/m);
    one.channel("private-x").trigger("client-typing", { on: true });
    await line(
      new RegExp(`client event {4}private-x client-typing \\{"on":true\\} by ${idOf(one)} to 1 subscriber$`, "m"),
    );
  });

  it("a channel that was signed with another secret, and what to do", async () => {
    const pusher = await client({ secret: "another" });
    pusher.subscribe("private-x");
    const text = await line(/ refused +sub/);
    expect(text).toMatch(
      new RegExp(`refused {9}subscription to private-x by ${idOf(pusher)}: The signature of "private-x" is wrong\\.`),
    );
    expect(text).toMatch(/The auth endpoint signed with another secret.*PUSHER_SECRET.*restart next dev/);
    expect(output()).not.toMatch(/canary|another:/);
  });

  it("a channel that was signed with another key, for another socket, or not at all", async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/app/seven?protocol=7`);
    onTestFinished(() => socket.terminate());
    await new Promise((resolve) => socket.once("message", resolve));
    const subscribe = (channel: string, auth?: string) =>
      socket.send(
        JSON.stringify({ event: "pusher:subscribe", data: { channel, ...(auth !== undefined && { auth }) } }),
      );
    subscribe("private-other", `eight:${"0".repeat(64)}`);
    await line(/refused +subscription to private-other by [\d.]+: "auth" begins with the key "eight"/m);
    const foreign = createHmac("sha256", APP.secret).update("1.1:private-foreign").digest("hex");
    subscribe("private-foreign", `seven:${foreign}`);
    await line(/refused +subscription to private-foreign .* for another socket, channel or channel_data/m);
    subscribe("private-none");
    await line(/refused +subscription to private-none by [\d.]+: "private-none" needs an "auth".*authEndpoint/m);
  });

  it("a client with a key that is none", async () => {
    await client({ key: "eight" });
    await line(
      /refused +connection from no page: App key "eight" does not exist\. .*NEXT_PUBLIC_PUSHER_KEY.*restart next dev/m,
    );
  });

  it("a client event that is refused", async () => {
    const pusher = await client();
    await subscribed(pusher, "news");
    pusher.send_event("client-typing", {}, "news");
    await line(
      new RegExp(`refused +client event client-typing on news by ${idOf(pusher)}: Client events go to private-`, "m"),
    );
  });

  it("what is understood as nothing", async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/app/seven?protocol=7`);
    onTestFinished(() => socket.terminate());
    await new Promise((resolve) => socket.once("message", resolve));
    socket.send("hello");
    await line(/refused +command by [\d.]+: A frame must be JSON\.$/m);
  });

  it("requests with another secret, another key, another app, or an old clock", async () => {
    await refused(backend({ secret: "another" }).trigger("news", "e", {}));
    await line(
      /refused +POST \/apps\/7\/events: Invalid signature: The sender signed with another secret: its PUSHER_SECRET differs from this server's.*restart next dev/m,
    );
    await refused(backend({ key: "eight" }).trigger("news", "e", {}));
    await line(/refused +POST \/apps\/7\/events: Unknown auth_key "eight" for app "7"/m);
    await refused(backend({ id: "8" }).trigger("news", "e", {}));
    await line(/refused +POST \/apps\/8\/events: App "8" does not exist.*PUSHER_APP_ID/m);
    const query = "auth_key=seven&auth_timestamp=1&auth_version=1.0";
    const signature = createHmac("sha256", APP.secret).update(`GET\n/apps/7/channels\n${query}`).digest("hex");
    await fetch(`http://127.0.0.1:${port}/apps/7/channels?${query}&auth_signature=${signature}`);
    await line(/refused +GET \/apps\/7\/channels: Timestamp expired.*Set the sender's clock/m);
    expect(output()).not.toContain("canary");
  });

  it("events that repeat within a second as one line with their number", async () => {
    const batch = Array.from({ length: 10 }, (_, id) => ({ channel: "cursor", name: "move", data: { id } }));
    for (let sent = 0; sent < 5; sent++) await backend().triggerBatch(batch);
    const counts = () =>
      [...output().matchAll(/event +cursor move .*? to nobody(?: × (\d+))?$/gm)].map(([, n]) => Number(n ?? 1));
    await expect.poll(() => counts().reduce((sum, count) => sum + count, 0), { timeout: 15_000 }).toBe(50);
    // At worst each batch is late enough to be on its own: its first event at once, nine in one line.
    expect(counts().length).toBeLessThanOrEqual(10);
  });

  it("nothing that a terminal would act on", async () => {
    await backend().trigger("news", "\u001b[2Jclear\r\n12:00:00  refused", "\u001b]0;title\u0007\u202e\u009b31m");
    await line(/event +news "\\u001b\[2Jclear/m);
    expect(output()).toContain("\\u001b]0;title\\u0007\\u202e\\u009b31m");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(output()).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  });
});

describe("the code that polywire dev prints", () => {
  /** The expressions for the page and for the server, as JavaScript. */
  async function snippets() {
    const { output: help } = await polywire(["dev", "--help"]);
    const codes = [...help().matchAll(/new Pusher\([\s\S]*?\n {2}\}\)/g)].map(([code]) =>
      code.replaceAll(/!(?!=)/g, ""),
    );
    const [page, server] = codes.map(
      (code) => (sdk: unknown, env: object) => new Function("Pusher", "process", `return ${code}`)(sdk, { env }),
    );
    if (page === undefined || server === undefined) throw new Error(`There is no code in ${help()}`);
    return { page, server };
  }
  const credentials = () => ({ PUSHER_APP_ID: APP.id, NEXT_PUBLIC_PUSHER_KEY: APP.key, PUSHER_SECRET: APP.secret });

  it("takes pusher-js and pusher to this server", async () => {
    const { page, server } = await snippets();
    const env = { ...credentials(), ...hosts() };
    const pusher: Pusher = page(Pusher, env);
    onTestFinished(() => pusher.disconnect());
    await subscribed(pusher, "news");
    await server(PusherServer, env).trigger("news", "hello", {});
    await line(/event +news hello \{\} to 1 subscriber$/m);
  });

  it("takes both to Pusher's cloud when the host lines are gone", async () => {
    const { page, server } = await snippets();
    const { PUSHER_HOST: _, NEXT_PUBLIC_PUSHER_HOST: __, ...rest } = hosts();
    const env = { ...credentials(), ...rest, NEXT_PUBLIC_PUSHER_CLUSTER: "eu" };
    const Seen = class {
      constructor(...given: unknown[]) {
        Object.assign(this, { given });
      }
    };
    expect(page(Seen, env).given).toEqual(["seven", { cluster: "eu" }]);
    expect(server(Seen, env).given).toEqual([
      { appId: "7", key: "seven", secret: "canary", cluster: "eu", useTLS: true },
    ]);
  });
});
