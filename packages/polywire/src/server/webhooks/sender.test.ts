import { createServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { WebhookReceiver } from "../../testing/webhook-receiver.js";
import { Sender } from "./sender.js";

const BODY = Buffer.from('{"events":[]}');
const PATIENT = 10_000;

let receiver: WebhookReceiver;

beforeEach(async () => {
  receiver = await WebhookReceiver.start();
});
afterEach(() => receiver.stop());

function senderTo(url: string, timeoutMs = PATIENT): Sender {
  const sender = new Sender(url, 2, timeoutMs);
  onTestFinished(() => sender.close());
  return sender;
}

describe("a webhook's request", () => {
  it.each([200, 201, 204, 299])("has arrived when it is answered with %i", async (status) => {
    receiver.answer = (response) => response.writeHead(status).end();
    expect(await senderTo(receiver.url).post({ "x-a": "1" }, BODY)).toBeNull();
    expect(receiver.received).toMatchObject([{ path: "/hooks", headers: { "x-a": "1" }, body: String(BODY) }]);
  });

  it.each([300, 301, 302, 307, 308, 400, 404, 500, 503])("has not when it is answered with %i", async (status) => {
    receiver.answer = (response) => response.writeHead(status, { location: "/elsewhere" }).end();
    expect(await senderTo(receiver.url).post({}, BODY)).toBe(`status ${status}`);
  });

  it("follows no redirect, not even to this machine", async () => {
    const inside = await WebhookReceiver.start();
    onTestFinished(() => inside.stop());
    receiver.answer = (response) => response.writeHead(307, { location: inside.url }).end();
    expect(await senderTo(receiver.url).post({}, BODY)).toBe("status 307");
    expect([receiver.received.length, inside.connections]).toEqual([1, 0]);
  });

  it("goes over connections that are kept", async () => {
    const sender = senderTo(receiver.url);
    for (let sent = 0; sent < 5; sent++) expect(await sender.post({}, BODY)).toBeNull();
    expect(receiver.connections).toBe(1);
  });

  it("reads little of an endless answer", async () => {
    let written = 0;
    const ended = new Promise<void>((resolve) => {
      receiver.answer = (response) => {
        const chunk = Buffer.alloc(64 * 1024);
        const write = () => {
          while (!response.destroyed && response.write(chunk)) written += chunk.length;
        };
        response.on("drain", write).on("close", resolve).writeHead(200);
        write();
      };
    });
    expect(await senderTo(receiver.url).post({}, BODY)).toBeNull();
    await ended;
    expect(written).toBeLessThan(50 * 1024 * 1024); // what the kernel's buffers took
  });

  it.each<[string, WebhookReceiver["answer"]]>([
    ["never answers", null],
    ["is silent after half of an answer's head", (response) => void response.socket?.write("HTTP/1.1 200")],
  ])("gives up on a target that %s", async (_, answer) => {
    receiver.answer = answer;
    expect(await senderTo(receiver.url, 100).post({}, BODY)).toBe("timeout");
  });

  it("gives up on an answer that does not end, by its status", async () => {
    receiver.answer = (response) => void response.writeHead(200).write("x");
    expect(await senderTo(receiver.url, 200).post({}, BODY)).toBeNull();
  });

  it("is not taken up on another protocol", async () => {
    const server = createTcpServer((socket) =>
      socket.resume().write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const sender = senderTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    for (let turn = 0; turn < 3; turn += 1) expect(await sender.post({}, BODY)).toBe("status 101");
  });

  it("tells what else went wrong, and throws nothing", async () => {
    const server = createTcpServer((socket) => socket.resume().end("HTTP/1.1 200 OK\r\nbroken\r\n\r\n"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await senderTo(url).post({}, BODY)).toMatch(/^HPE_/);
    await new Promise((resolve) => server.close(resolve));
    expect(await senderTo(url).post({}, BODY)).toBe("ECONNREFUSED");
    expect(await senderTo("https://127.0.0.1:1").post({}, BODY)).toBe("ECONNREFUSED");
    expect(await senderTo(receiver.url).post({ trailer: "x" }, BODY)).toBe("ERR_HTTP_TRAILER_INVALID");
  });

  it("is sent again at once when the kept connection was closed the moment it went out", async () => {
    let requests = 0;
    const server = createServer((request, response) => {
      requests += 1;
      if (requests === 2) request.socket.resetAndDestroy();
      else response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const sender = senderTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    expect([await sender.post({}, BODY), await sender.post({}, BODY)]).toEqual([null, null]);
    expect(requests).toBe(3);
  });
});
