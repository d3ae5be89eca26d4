import { generateKeyPairSync } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { type App, appRegistry } from "../core/apps.js";
import { FakeClock } from "../testing/clock.js";
import { APP } from "../testing/pusher.js";
import { JWT_SECRET, type SigningKey, token, unsigned } from "../testing/tokens.js";
import { TokenVerifier } from "./verifier.js";

const clock = new FakeClock();
const NOW = Math.floor(clock.now() / 1000);
const HOUR = 3600;
const GOOD = { userId: "ann", iat: NOW, exp: NOW + HOUR };
const HS: App = { ...APP, jwtSecret: JWT_SECRET };

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const otherRsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const ed = generateKeyPairSync("ed25519");
const pem = (key: typeof rsa.publicKey): string => key.export({ type: "spki", format: "pem" }).toString();
const RS: App = { ...APP, jwtPublicKey: pem(rsa.publicKey) };
const ES: App = { ...APP, jwtPublicKey: pem(ec.publicKey) };
const ED: App = { ...APP, jwtPublicKey: pem(ed.publicKey) };

const verify = (text: string, apps: readonly App[] = [HS], appId: string | null = null) =>
  new TokenVerifier(appRegistry(apps), clock).verify(text, appId);

const [HEAD, BODY, SIGNATURE] = token(GOOD).split(".") as [string, string, string];
const raw = (header: string, payload = JSON.stringify(GOOD)): string => {
  const parts = [header, payload].map((part) => Buffer.from(part).toString("base64url"));
  return `${parts.join(".")}.${SIGNATURE}`;
};
const flip = (text: string): string => (text.startsWith("A") ? "B" : "A") + text.slice(1);
const as = (alg: string, key: SigningKey, more: object = {}): string => token(GOOD, key, { alg, ...more });
const claim = (claims: object): string => token({ ...GOOD, ...claims });

/** Each with an app that has a key of the kind it tries to get around. */
const BAD: readonly [string, string, App?][] = [
  ["nothing", ""],
  ["no dots", "token"],
  ["two parts", `${HEAD}.${BODY}`],
  ["no signature", `${HEAD}.${BODY}.`],
  ["four parts", `${HEAD}.${BODY}.${SIGNATURE}.x`],
  ["five parts, as an encrypted token has", `${HEAD}.${BODY}.${SIGNATURE}.${BODY}.${SIGNATURE}`],
  ["an empty header", `.${BODY}.${SIGNATURE}`],
  ["an empty payload", `${HEAD}..${SIGNATURE}`],
  ["a header that is no base64url", `%%%.${BODY}.${SIGNATURE}`],
  ["a header that is no JSON", raw("alg=HS256")],
  ["a header that is an array", raw('["HS256"]')],
  ["a header that nests deeply", raw(`{"alg":${"[".repeat(2000)}${"]".repeat(2000)}}`)],
  ["no alg", raw("{}")],
  ["an alg that is a number", raw('{"alg":256}')],
  ["a payload that is no JSON", token("hello")],
  ["a payload that is an array", token([1])],
  ["a payload that is null", token(null)],
  ["alg none, unsigned", unsigned(GOOD)],
  ["alg None, unsigned", unsigned(GOOD, "None")],
  ["alg nOnE, unsigned", unsigned(GOOD, "nOnE")],
  ["alg none with a signature", token(GOOD, JWT_SECRET, { alg: "none" })],
  ["alg none where the app has a public key", unsigned(GOOD), RS],
  ["alg hs256 in lower case", as("hs256", JWT_SECRET)],
  ["HS384 where HS256 is expected", as("HS384", JWT_SECRET)],
  ["HS512 where HS256 is expected", as("HS512", JWT_SECRET)],
  ["HS256 by another secret", as("HS256", "another-secret-of-thirty-two-bytes-or-more")],
  ["HS256 by an empty secret", as("HS256", "")],
  ["HS256 by the app's Pusher secret", as("HS256", APP.secret)],
  ["HS256 by the public key's PEM", as("HS256", RS.jwtPublicKey ?? ""), RS],
  ["HS256 by the public key's PEM, of EC", as("HS256", ES.jwtPublicKey ?? ""), ES],
  ["HS256 by the secret of another app, where the app has a public key", as("HS256", JWT_SECRET), RS],
  ["RS256 where HS256 is expected", as("RS256", rsa.privateKey)],
  ["RS256 by another key", as("RS256", otherRsa.privateKey), RS],
  ["RS512 where RS256 is expected", as("RS512", rsa.privateKey), RS],
  ["RS256 where the app's key is EC", as("RS256", rsa.privateKey), ES],
  ["ES256 where the app's key is RSA", as("ES256", ec.privateKey), RS],
  ["EdDSA where the app's key is RSA", as("EdDSA", ed.privateKey), RS],
  [
    "a key of its own in the header",
    as("RS256", otherRsa.privateKey, { jwk: otherRsa.publicKey.export({ format: "jwk" }) }),
    RS,
  ],
  ["a URL of its own keys in the header", as("RS256", otherRsa.privateKey, { jku: "http://127.0.0.1:1/keys" }), RS],
  ["a critical header that nobody knows", as("HS256", JWT_SECRET, { crit: ["exp"], exp: 1 })],
  ["a critical header that is empty", as("HS256", JWT_SECRET, { crit: [] })],
  ["an unencoded payload", as("HS256", JWT_SECRET, { b64: false, crit: ["b64"] })],
  ["a changed signature", `${HEAD}.${BODY}.${flip(SIGNATURE)}`],
  ["a signature that is cut short", `${HEAD}.${BODY}.${SIGNATURE.slice(0, -4)}`],
  [
    "a changed payload",
    `${HEAD}.${Buffer.from(JSON.stringify({ ...GOOD, userId: "eve" })).toString("base64url")}.${SIGNATURE}`,
  ],
  ["a changed header", `${Buffer.from('{"alg":"HS256"}').toString("base64url")}.${BODY}.${SIGNATURE}`],
  ["an end that was an hour ago", claim({ exp: NOW - HOUR })],
  ["an end that was a second ago", claim({ exp: NOW - 1 })],
  ["an end that is now", claim({ exp: NOW })],
  ["an end at the beginning of time", claim({ exp: 0 })],
  ["an end before the beginning of time", claim({ exp: -1 })],
  ["an end that is a string", claim({ exp: String(NOW + HOUR) })],
  ["an end that is null", claim({ exp: null })],
  ["an end that is a list", claim({ exp: [NOW + HOUR] })],
  ["an end in milliseconds", claim({ exp: (NOW + HOUR) * 1000 })],
  ["an end that is no finite number", token(`{"userId":"ann","exp":1e999}`)],
  ["a beginning in an hour", claim({ nbf: NOW + HOUR })],
  ["a beginning that is a string", claim({ nbf: "now" })],
  ["an issue in an hour", claim({ iat: NOW + HOUR })],
  ["an issue in milliseconds", claim({ iat: NOW * 1000 })],
  ["an issue that is a string", claim({ iat: "now" })],
  ["an audience that is somebody else", claim({ aud: "other-app" })],
  ["audiences that are all somebody else", claim({ aud: ["other-app", "third-app"] })],
  ["an audience that is a number", claim({ aud: 1 })],
  ["no audience where the app asks for one", claim({}), { ...HS, jwtAudience: "https://chat.example" }],
  [
    "another audience than the app asks for",
    claim({ aud: "https://evil.example" }),
    { ...HS, jwtAudience: "https://chat.example" },
  ],
  ["no user", token({ exp: NOW + HOUR })],
  ["an empty user", claim({ userId: "" })],
  ["a user that is an object", claim({ userId: { id: 1 } })],
  ["a user that is a fraction", claim({ userId: 1.5 })],
  ["a user that is a number JavaScript cannot hold", token(`{"userId":9007199254740993,"exp":${NOW + HOUR}}`)],
  ["a user that is too long", claim({ userId: "x".repeat(129) })],
  ["a user with a NUL", claim({ userId: "ann\u0000" })],
  ["a user with half of a surrogate pair", token(`{"userId":"\\ud800","exp":${NOW + HOUR}}`)],
  ["rooms that are a list", claim({ rooms: ["chat:*"] })],
  ["rooms with an unknown operation", claim({ rooms: { "chat:*": ["admin"] } })],
  ["more than 8192 characters", claim({ padding: "x".repeat(8192) })],
];

describe("a bad token", () => {
  it.each<[string, string, App?]>(BAD)("is refused: %s", async (_, text, app = HS) => {
    const error = await verify(text, [app]).then(
      () => null,
      (thrown) => thrown,
    );
    expect(error).toMatchObject({ name: "RealtimeError", code: expect.stringMatching(/^(unauthorized|expired)$/) });
    expect(error.explanation).not.toContain(JWT_SECRET);
  });

  it("that has expired is told apart, for a new one helps", async () => {
    await expect(verify(claim({ exp: NOW - HOUR }))).rejects.toMatchObject({ code: "expired" });
    await expect(verify(claim({ exp: NOW }))).rejects.toMatchObject({ code: "expired" });
  });

  it("never ends in anything but a refusal, whatever is in it", async () => {
    const part = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.json().map((text) => Buffer.from(text).toString("base64url")),
    );
    const anything = fc.oneof(
      fc.string(),
      fc.array(part, { maxLength: 6 }).map((parts) => parts.join(".")),
    );
    await fc.assert(
      fc.asyncProperty(anything, async (text) => {
        await expect(verify(text)).rejects.toMatchObject({ code: "unauthorized" });
        await expect(verify(text, [HS, { ...RS, id: "2" }])).rejects.toMatchObject({ code: "unauthorized" });
      }),
      { numRuns: 300 },
    );
  }, 30_000);
});

describe("a good token", () => {
  it.each<[string, App, SigningKey]>([
    ["HS256", HS, JWT_SECRET],
    ["HS256", { ...APP, jwtSecret: "short" }, "short"],
    ["RS256", RS, rsa.privateKey],
    ["ES256", ES, ec.privateKey],
    ["EdDSA", ED, ed.privateKey],
    ["Ed25519", ED, ed.privateKey],
  ])("is accepted by %s", async (alg, app, key) => {
    const { claims } = await verify(as(alg, key), [app]);
    expect(claims).toMatchObject({ client: { clientId: "ann" }, expiresAt: (NOW + HOUR) * 1000 });
  });

  it.each<[string, object, string, string]>([
    ["userId", { userId: "ann" }, "ann", '"ann"'],
    ["userId before sub", { userId: "ann", sub: "bob" }, "ann", '"ann"'],
    ["sub", { sub: "bob" }, "bob", '"bob"'],
    ["a number, which stays one", { userId: 42 }, "42", "42"],
    ["any script", { userId: "żółć 🎉" }, "żółć 🎉", '"żółć 🎉"'],
  ])("names its user by %s", async (_, payload, clientId, clientIdJson) => {
    expect((await verify(token(payload))).claims.client).toEqual({ clientId, clientIdJson });
  });

  it("may come without an end, as many hand-written servers sign them", async () => {
    expect((await verify(token({ userId: "ann" }))).claims.expiresAt).toBeNull();
  });

  it("may come from a clock that is a little ahead", async () => {
    await expect(verify(claim({ iat: NOW + 20, nbf: NOW + 20 }))).resolves.toBeDefined();
    await expect(verify(claim({ iat: NOW + 40 }))).rejects.toMatchObject({ code: "unauthorized" });
    await expect(verify(claim({ nbf: NOW + 40 }))).rejects.toMatchObject({ code: "unauthorized" });
  });

  it("may name the app, or the audience that the app asks for", async () => {
    await expect(verify(claim({ aud: APP.id }))).resolves.toBeDefined();
    const asking = { ...HS, jwtAudience: "https://chat.example" };
    for (const aud of ["https://chat.example", ["x", "https://chat.example"], APP.id]) {
      await expect(verify(claim({ aud }), [asking])).resolves.toBeDefined();
    }
  });

  it("carries its grant; without a rooms claim the public rooms", async () => {
    const { claims } = await verify(claim({ rooms: { "private-ann:*": ["join"] } }));
    expect(claims.grant.allows("join", "private-ann:1")).toBe(true);
    expect(claims.grant.allows("join", "lobby")).toBe(false);
    expect((await verify(claim({}))).claims.grant.allows("join", "lobby")).toBe(true);
  });
});

describe("the app of a token", () => {
  const one: App = { ...HS, id: "one", key: "1" };
  const two: App = { ...HS, id: "two", key: "2", jwtSecret: "the-secret-of-the-other-application" };
  const both = [one, two];
  const ofTwo = (claims: object): string => token({ ...GOOD, ...claims }, two.jwtSecret ?? "");

  it("is the only one, the one asked for, or the one that the audience names", async () => {
    expect((await verify(token(GOOD), [one])).app).toBe(one);
    expect((await verify(ofTwo({}), both, "two")).app).toBe(two);
    expect((await verify(ofTwo({ aud: "two" }), both)).app).toBe(two);
    expect((await verify(ofTwo({ aud: "shop" }), [one, { ...two, jwtAudience: "shop" }])).app.id).toBe("two");
  });

  it.each<[string, string, string | null, string]>([
    ["none is named", token(GOOD), null, "unauthorized"],
    ["the audience names none", claim({ aud: "three" }), null, "unauthorized"],
    ["the audience names both", claim({ aud: ["one", "two"] }), null, "unauthorized"],
    ["another app's secret signed it", claim({ aud: "two" }), null, "unauthorized"],
    ["another app's secret signed it, and it is asked for", token(GOOD), "two", "unauthorized"],
    ["it is for one and asks for the other", ofTwo({ aud: "one" }), "two", "unauthorized"],
    ["the app asked for does not exist", token(GOOD), "three", "unknown-app"],
  ])("is refused when %s", async (_, text, appId, code) => {
    await expect(verify(text, both, appId)).rejects.toMatchObject({ code });
  });

  it("must be enabled, and have a key", async () => {
    await expect(verify(token(GOOD), [{ ...HS, enabled: false }])).rejects.toMatchObject({ code: "app-disabled" });
    await expect(verify(token(GOOD), [APP])).rejects.toMatchObject({ code: "not-configured" });
  });
});

describe("a key set", () => {
  let server: Server | null = null;
  afterEach(() => server?.close());

  /** Answers the app whose keys are at a URL that gives `keys`, and how often it was asked. */
  async function publishKeys(keys: readonly object[], status = 200) {
    const asked = { times: 0 };
    server = createServer((_request, response) => {
      asked.times += 1;
      response.writeHead(status, { location: "/elsewhere" }).end(JSON.stringify({ keys }));
    });
    await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    return { asked, app: { ...APP, jwksUrl: `http://127.0.0.1:${port}/keys` } satisfies App };
  }
  const jwk = (key: typeof rsa.publicKey, kid: string): object => ({ ...key.export({ format: "jwk" }), kid });
  const KEYS = [jwk(rsa.publicKey, "r"), jwk(ec.publicKey, "e"), jwk(ed.publicKey, "d")];
  const verifierOf = (app: App) => new TokenVerifier(appRegistry([app]), clock);

  it("verifies by the key that the token names, and is read once", async () => {
    const { app, asked } = await publishKeys(KEYS);
    const verifier = verifierOf(app);
    for (const text of [
      as("RS256", rsa.privateKey, { kid: "r" }),
      as("ES256", ec.privateKey, { kid: "e" }),
      as("EdDSA", ed.privateKey, { kid: "d" }),
    ]) {
      expect((await verifier.verify(text, null)).claims.client.clientId).toBe("ann");
    }
    expect(asked.times).toBe(1);
  });

  it.each<[string, string]>([
    ["HS256 by a key of the set", as("HS256", RS.jwtPublicKey ?? "", { kid: "r" })],
    ["a name that no key has", as("RS256", rsa.privateKey, { kid: "../../r" })],
    ["another key under a known name", as("RS256", otherRsa.privateKey, { kid: "r" })],
    ["a name of a key of another kind", as("RS256", rsa.privateKey, { kid: "e" })],
    ["alg none", unsigned(GOOD)],
  ])("does not verify %s", async (_, text) => {
    const { app } = await publishKeys(KEYS);
    await expect(verifierOf(app).verify(text, null)).rejects.toMatchObject({ code: "unauthorized" });
  });

  it("with a secret in it is no way to HS256", async () => {
    const secret = { kty: "oct", k: Buffer.from(JWT_SECRET).toString("base64url"), alg: "HS256", kid: "s" };
    const { app } = await publishKeys([secret]);
    const text = as("HS256", JWT_SECRET, { kid: "s" });
    await expect(verifierOf(app).verify(text, null)).rejects.toMatchObject({ code: "unauthorized" });
  });

  it.each([404, 302, 500])("that answers %s is a fault of the server's, not of the token's", async (status) => {
    const { app } = await publishKeys(KEYS, status);
    const text = as("RS256", rsa.privateKey, { kid: "r" });
    await expect(verifierOf(app).verify(text, null)).rejects.toMatchObject({ code: "unavailable" });
  });

  it("that is nowhere is the same", async () => {
    const app: App = { ...APP, jwksUrl: "http://127.0.0.1:1/keys" };
    const text = as("RS256", rsa.privateKey, { kid: "r" });
    await expect(verifierOf(app).verify(text, null)).rejects.toMatchObject({ code: "unavailable" });
  });
});
