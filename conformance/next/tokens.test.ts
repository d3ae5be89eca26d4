import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { type Capability, createTokenHandler } from "@polywire/next";
import type { ClientOptions } from "ably";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ablyRefusal, KEYS, messagesOf, realtime, rest } from "../support/ably.js";
import { unique } from "../support/client.js";
import { HOST } from "../support/context.js";

const { GET, POST } = createTokenHandler({
  identify: (request) => {
    const id = request.headers.get("x-user");
    return id === null ? null : { id };
  },
  capability: {
    "public:*": ["subscribe"],
    "private:{id}:*": ["subscribe", "publish", "presence", "history"],
    "private-user-{id}": ["subscribe"],
  },
  ttl: 600_000,
  key: KEYS.all,
});

/** The route, as Next.js serves it. */
const server = createServer(async (request, response) => {
  const answer = await (request.method === "POST" ? POST : GET)(toRequest(request));
  response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
});
beforeAll(() => new Promise<void>((resolve) => server.listen(0, HOST, resolve)));
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

function toRequest({ method = "GET", url = "/", headers }: IncomingMessage): Request {
  return new Request(`http://${headers.host}${url}`, { method, headers: headers as Record<string, string> });
}

/** A client of a page whose visitor is `user`. */
function visit(user: string | null, options: ClientOptions = {}) {
  const { port } = server.address() as AddressInfo;
  const authHeaders = user === null ? {} : { "x-user": user };
  return realtime({ authUrl: `http://${HOST}:${port}/api/ably/token`, authHeaders, ...options });
}

describe("createTokenHandler", () => {
  it("signs as the SDK signs", async () => {
    const response = await GET(new Request("http://app.test/", { headers: { "x-user": "ann" } }));
    const request = await response.json();
    const { keyName: _, mac: __, ...params } = request;
    expect(await rest().auth.createTokenRequest(params)).toEqual(request);
  });

  it("writes every capability as the SDK writes it", async () => {
    const capability: Capability = {
      b: ["subscribe", "history"],
      a: ["*"],
      "é:{id}": ["publish"],
      10: ["publish"],
      2: ["stats"],
    };
    const handler = createTokenHandler({
      identify: () => ({ id: "ann" }),
      capability,
      key: KEYS.all,
    });
    const { keyName: _, mac: __, ...params } = await (await handler.GET(new Request("http://app.test/"))).json();
    const filled = { ...capability, "é:ann": ["publish"], "é:{id}": undefined };
    const theirs = await rest().auth.createTokenRequest({ capability: JSON.stringify(filled) });
    expect(params.capability).toBe(theirs.capability);
  });

  it.each<[string, ClientOptions]>([
    ["GET, in MessagePack", {}],
    ["GET, in JSON", { useBinaryProtocol: false }],
    ["POST", { authMethod: "POST" }],
  ])("takes the unmodified SDK to the server by authUrl: %s", async (_, options) => {
    const user = unique("ann");
    const ann = visit(user, options);
    const channel = ann.channels.get(`private:${user}:notes`);
    const received = await messagesOf(channel);
    await channel.publish("note", "hello");
    expect(await received.next()).toMatchObject({ data: "hello", clientId: user });
    expect(ann.auth.clientId).toBe(user);
    await channel.presence.enter();
    expect(await channel.presence.get()).toMatchObject([{ clientId: user }]);
  });

  it("lets nobody into a channel of somebody else's", async () => {
    const [ann, bob] = [unique("ann"), unique("bob")];
    const client = visit(ann);
    await client.channels.get(`private-user-${ann}`).attach();
    await client.channels.get("public:news").attach();
    for (const name of [`private:${bob}:notes`, `private-user-${bob}`, `private:${ann}`, "private:*:notes", "news"]) {
      expect(await ablyRefusal(client.channels.get(name).attach()), name).toMatchObject({ code: 40160 });
    }
    const published = client.channels.get("public:news").publish("note", "mine");
    expect(await ablyRefusal(published)).toMatchObject({ code: 40160 });
    expect(client.connection.state).toBe("connected");
  });

  it("lets nobody act as somebody else", async () => {
    const user = unique("ann");
    const channel = visit(user).channels.get(`private:${user}:notes`);
    await channel.attach();
    expect(await ablyRefusal(channel.publish({ data: "hello", clientId: "bob" }))).toMatchObject({ code: 40012 });
    const bob = visit(user, { clientId: "bob", autoConnect: false });
    expect(await ablyRefusal(bob.auth.authorize())).toMatchObject({ code: 40102 });
  });

  it("signs a new request each time a token ends", async () => {
    const client = visit(unique("ann"));
    const tokens = [await client.auth.authorize(), await client.auth.authorize()];
    expect(tokens[0]?.token).not.toBe(tokens[1]?.token);
    expect((tokens[0]?.expires ?? 0) - (tokens[0]?.issued ?? 0)).toBe(600_000);
  });

  it("tells who is not signed in so, and who may never ask", async () => {
    const outcome = await visit(null).connection.whenState("disconnected");
    expect(outcome?.reason).toMatchObject({ code: 80019, statusCode: 401 });
    expect((await visit("a:b").connection.whenState("failed"))?.reason).toMatchObject({ code: 80019, statusCode: 403 });
  });
});
