import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createServer, type Server } from "../../index.js";

const APP = { id: "1", key: "k", secret: "s" };
const stream = (version: string, session: string) =>
  `POST /pusher/app/k/1/${session}/xhr_streaming?protocol=7 HTTP/${version}\r\nHost: x\r\nContent-Length: 0\r\n\r\n`;
const terminate = (session: string) => {
  const body = '["{\\"event\\":\\"pusher:signin\\",\\"data\\":{\\"auth\\":\\"k:no\\",\\"user_data\\":\\"{}\\"}}"]';
  return fetch(`${base}/pusher/app/k/1/${session}/xhr_send`, { method: "POST", body });
};

let server: Server;
let base: string;
beforeEach(async () => {
  server = createServer({ port: 0, adminPort: null, logLevel: "silent", apps: [APP] });
  base = `http://127.0.0.1:${(await server.listen()).port}`;
});
afterEach(() => server.close());

/** All that comes for these bytes until `isAll`. */
async function answerTo(bytes: string, isAll: (text: string) => boolean, between: () => unknown): Promise<string> {
  const socket = connect(Number(new URL(base).port), "127.0.0.1");
  await once(socket, "connect");
  let text = "";
  socket.on("data", (data) => {
    text += data;
  });
  socket.write(bytes);
  await expect.poll(() => text, { timeout: 10_000 }).toContain("connection_established");
  await between();
  await expect.poll(() => isAll(text), { timeout: 10_000 }).toBe(true);
  socket.destroy();
  return text;
}

/** The body of a chunked response (RFC 9112, 7.1), which must be whole. */
function unchunked(text: string): string {
  let rest = text.slice(text.indexOf("\r\n\r\n") + 4);
  let body = "";
  for (;;) {
    const [, hex = ""] = /^([0-9a-f]+)\r\n/.exec(rest) ?? [];
    const start = hex.length + 2;
    const length = Number.parseInt(hex, 16);
    expect(rest.slice(start + length, start + length + 2)).toBe("\r\n");
    if (length === 0) return body;
    body += rest.slice(start, start + length);
    rest = rest.slice(start + length + 2);
  }
}

it("a stream is one whole chunked response, and its connection serves the next request", async () => {
  const next = "GET /live HTTP/1.1\r\nHost: x\r\n\r\n";
  const text = await answerTo(
    stream("1.1", "a") + next,
    (all) => all.endsWith("live\n"),
    () => terminate("a"),
  );
  const [first = "", second] = text.split(/(?=HTTP\/1\.1 200)/);

  expect(unchunked(first)).toMatch(/^o\na\[.*\]\na\[.*4009.*\]\nc\[4009,.*\]\n$/);
  expect(second).toMatch(/\r\n\r\nlive\n$/);
});

it("a stream behind another answer on its connection waits for that, and comes whole", async () => {
  const both = stream("1.1", "a") + stream("1.1", "b");
  const text = await answerTo(
    both,
    (all) => all.split("c[4009").length === 3 && all.endsWith("0\r\n\r\n"),
    async () => {
      await terminate("b");
      await terminate("a");
    },
  );
  const [first = "", second = ""] = text.split(/(?=HTTP\/1\.1 200)/);

  for (const one of [first, second]) expect(unchunked(one)).toMatch(/^o\na\[.*\]\na\[.*4009.*\]\nc\[4009,.*\]\n$/);
});

it("a stream to a client of HTTP/1.0 has no chunks, and ends with the connection", async () => {
  const text = await answerTo(
    stream("1.0", "a"),
    (all) => all.includes("c[4009"),
    () => terminate("a"),
  );

  expect(text.slice(text.indexOf("\r\n\r\n") + 4)).toMatch(/^o\na\[.*\]\na\[.*4009.*\]\nc\[4009,.*\]\n$/);
});
