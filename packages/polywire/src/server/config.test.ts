import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  appFromEnvironment,
  ConfigError,
  type ConfigInput,
  parseConfig,
  refusePublicDevelopmentApp,
  withJwtSecret,
} from "./config.js";

const app = { id: "1", key: "k", secret: "s" };
const secretPem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const rsaPem = (modulusLength: number): string =>
  generateKeyPairSync("rsa", { modulusLength }).publicKey.export({ type: "spki", format: "pem" }).toString();
const parse = (input: unknown) => parseConfig(input, "polywire.json");

describe("configuration", () => {
  it("has a default for everything: the development app on loopback", () => {
    expect(parse({})).toMatchObject({
      host: "127.0.0.1",
      port: 6001,
      adminPort: 9601,
      apps: [{ id: "app-id", key: "app-key", secret: "app-secret", enabled: true, clientEvents: true, origins: [] }],
    });
  });

  it("has Ably keys that allow everything unless they say what", () => {
    const ablyKeys = [
      { key: "x.a:s" },
      { key: "x.b:s:t", capability: { "chat:*": ["subscribe"] }, revocableTokens: true },
    ];
    expect(parse({ apps: [{ ...app, ablyKeys }] }).apps[0]?.keys).toEqual([
      { name: "x.a", secret: "s", capability: { "*": ["*"] }, revocableTokens: false },
      { name: "x.b", secret: "s:t", capability: { "chat:*": ["subscribe"] }, revocableTokens: true },
    ]);
  });

  it("has the limits of the hosted service", () => {
    expect(parse({ apps: [app] }).apps[0]?.limits).toEqual({
      connections: null,
      connectsPerSecond: null,
      firstSubscriptionSeconds: null,
      framesPerSecond: 5000,
      bytesPerSecond: 8 * 1024 * 1024,
      requestsPerSecond: null,
      channelsPerConnection: 10_000,
      clientEventsPerSecond: 10,
      messagesPerSecond: 100,
      joinsPerSecond: 100,
      messageBytes: 65_536,
      channelNameLength: 200,
      eventNameLength: 200,
      eventBytes: 10_240,
      channelsPerPublish: 100,
      batchSize: 10,
      presenceMembers: 100,
      userIdLength: 128,
      userInfoBytes: 1024,
      watchlistSize: 100,
    });
  });

  it.each<[string, unknown, RegExp]>([
    ["an unknown field", { prot: 1 }, /"prot"/],
    ["an unknown field of an app", { apps: [{ ...app, webhook: [] }] }, /apps\.0.*"webhook"/],
    ["a port that is a string", { port: "6001" }, /port is "6001"/],
    ["a port out of range", { port: 70_000 }, /port is 70000.*65535/],
    [
      "a limit that is negative",
      { apps: [{ ...app, limits: { eventBytes: -1 } }] },
      /apps\.0\.limits\.eventBytes is -1/,
    ],
    ["an app without a key", { apps: [{ id: "1", secret: "s" }] }, /apps\.0\.key is nothing/],
    ["no apps", { apps: [] }, /apps is \[\]/],
    ["an origin with a path", { apps: [{ ...app, origins: ["https://a.b/c"] }] }, /origins\.0 is "https:\/\/a\.b\/c"/],
    ["a slash in a key", { apps: [{ ...app, key: "a/b" }] }, /apps\.0\.key/],
    ["two apps with one key", { apps: [app, { ...app, id: "2" }] }, /two apps have the key "k"/],
    ["a webhook without a URL", { apps: [{ ...app, webhooks: [{}] }] }, /apps\.0\.webhooks\.0\.url is nothing/],
    [
      "a webhook to a file",
      { apps: [{ ...app, webhooks: [{ url: "file:///etc/passwd" }] }] },
      /webhooks\.0\.url is \[redacted\]/,
    ],
    [
      "a password in a webhook's URL",
      { apps: [{ ...app, webhooks: [{ url: "https://me:canary@a.b" }] }] },
      /webhooks\.0\.url is \[redacted\].*headers/,
    ],
    [
      "an event that no webhook has",
      { apps: [{ ...app, webhooks: [{ url: "https://a.b", events: ["member_seen"] }] }] },
      /webhooks\.0\.events\.0 is "member_seen"/,
    ],
    [
      "a header that signs",
      { apps: [{ ...app, webhooks: [{ url: "https://a.b", headers: { "X-Pusher-Key": "canary" } }] }] },
      /webhooks\.0\.headers is an object\. "X-Pusher-Key" is a header that the server sets/,
    ],
    [
      "a header of HTTP's own",
      { apps: [{ ...app, webhooks: [{ url: "https://a.b", headers: { Trailer: "canary" } }] }] },
      /webhooks\.0\.headers is an object\. "Trailer" is a header that the server sets/,
    ],
    [
      "a header of two lines",
      { apps: [{ ...app, webhooks: [{ url: "https://a.b", headers: { a: "canary\r\nb: c" } }] }] },
      /webhooks\.0\.headers\.a is \[redacted\].*one line/,
    ],
    ["a JWT secret with a line's end", { apps: [{ ...app, jwtSecret: "x\n" }] }, /jwtSecret is \[redacted\].*control/],
    ["an empty JWT secret", { apps: [{ ...app, jwtSecret: "" }] }, /jwtSecret/],
    ["a public key that is none", { apps: [{ ...app, jwtPublicKey: "PEM" }] }, /jwtPublicKey is.*BEGIN PUBLIC KEY/],
    ["a private key", { apps: [{ ...app, jwtPublicKey: secretPem }] }, /jwtPublicKey is \[redacted\].*public key/],
    ["a weak RSA key", { apps: [{ ...app, jwtPublicKey: rsaPem(1024) }] }, /2048 bits/],
    ["keys from elsewhere in the clear", { apps: [{ ...app, jwksUrl: "http://keys.example/" }] }, /jwksUrl.*https/],
    ["keys from a file", { apps: [{ ...app, jwksUrl: "file:///etc/passwd" }] }, /jwksUrl/],
    [
      "two ways to verify a token",
      { apps: [{ ...app, jwtSecret: "x", jwksUrl: "https://keys.example/" }] },
      /"1" has jwtSecret and jwksUrl/,
    ],
    ["no object", [], /the configuration is \[\]/],
  ])("refuses %s, naming the field and what was found", (_, input, message) => {
    expect(() => parse(input)).toThrow(ConfigError);
    expect(() => parse(input)).toThrow(message);
  });

  it.each<[string, unknown]>([
    ["a list", { apps: [{ ...app, secret: ["canary"] }] }],
    ["too long", { apps: [{ ...app, secret: "canary".repeat(100) }] }],
    ["in an object in place of a list", { apps: { ...app, secret: "canary" } }],
    ["of JWTs, as a list", { apps: [{ ...app, jwtSecret: ["canary"] }] }],
    ["in a string in place of an app", { apps: ["1:k:canary"] }],
  ])("never shows a secret: %s", (_, input) => {
    expect(() => parse(input)).toThrow(/apps/);
    expect(() => parse(input)).not.toThrow(/canary/);
  });

  it("reads the variables that the Next.js app has", () => {
    const environment = { PUSHER_APP_ID: "1", NEXT_PUBLIC_PUSHER_KEY: "k", PUSHER_SECRET: "s" };
    expect(appFromEnvironment(environment)).toEqual([app]);
    expect(appFromEnvironment({ PUSHER_APP_ID: "1", PUSHER_KEY: "k", PUSHER_SECRET: "s" })).toEqual([app]);
    expect(appFromEnvironment({})).toBeUndefined();
    expect(appFromEnvironment({ ...environment, JWT_SECRET: "j" })).toEqual([{ ...app, jwtSecret: "j" }]);
    expect(appFromEnvironment({ JWT_SECRET: "j" })).toMatchObject([{ id: "app-id", jwtSecret: "j" }]);
    expect(appFromEnvironment({ JWT_SECRET: "" })).toBeUndefined();
    const ABLY_API_KEY = "x.key:secret";
    const ablyKeys = [{ key: ABLY_API_KEY }];
    expect(appFromEnvironment({ ABLY_API_KEY })).toEqual([{ id: "x", key: "x.key", secret: "secret", ablyKeys }]);
    expect(appFromEnvironment({ ...environment, ABLY_API_KEY })).toEqual([{ ...app, ablyKeys }]);
    expect(() => appFromEnvironment({ ABLY_API_KEY: "secret" })).toThrow(/ABLY_API_KEY is not like/);
    expect(() => appFromEnvironment({ PUSHER_APP_ID: "1" })).toThrow(/PUSHER_KEY.*PUSHER_SECRET is not set/);
  });

  it("takes JWT_SECRET for the one app of a file that names no key for tokens", () => {
    const env = { JWT_SECRET: "j" };
    expect(withJwtSecret([app], env)).toEqual([{ ...app, jwtSecret: "j" }]);
    for (const apps of [
      undefined,
      [],
      [app, { ...app, id: "2", key: "k2" }],
      [{ ...app, jwtSecret: "own" }],
      [{ ...app, jwtSecret: null }],
      [{ ...app, jwksUrl: "https://keys.example/" }],
    ]) {
      expect(withJwtSecret(apps, env)).toBe(apps);
    }
    expect(withJwtSecret([app], {})).toEqual([app]);
    expect(withJwtSecret([null] as never, env)).toEqual([null]);
  });

  it("takes keys that verify tokens, from a PEM, a secret or a URL", () => {
    for (const key of [
      { jwtSecret: "x" },
      { jwtPublicKey: rsaPem(2048) },
      { jwksUrl: "https://keys.example/.well-known/jwks.json" },
      { jwksUrl: "http://127.0.0.1:3000/jwks" },
    ]) {
      expect(parse({ apps: [{ ...app, ...key }] }).apps[0]).toMatchObject(key);
    }
  });

  it("refuses the development credentials on an address that others can reach", () => {
    const on = (host: string, apps?: ConfigInput["apps"]) => () =>
      refusePublicDevelopmentApp(parse({ host, ...(apps && { apps }) }));
    for (const host of ["0.0.0.0", "::", "192.168.1.2", "example.com"]) expect(on(host)).toThrow(/PUSHER_SECRET/);
    for (const host of ["127.0.0.1", "localhost", "::1", "127.9.9.9"]) expect(on(host)).not.toThrow();
    expect(on("0.0.0.0", [app])).not.toThrow();
    const provisioning = parse({ host: "0.0.0.0", apps: [app], provisioning: true });
    expect(() => refusePublicDevelopmentApp(provisioning)).toThrow(/provisioning lets anybody/);
    expect(on("0.0.0.0", [app, { ...app, id: "2", key: "k2", secret: "app-secret" }])).toThrow();
  });
});
