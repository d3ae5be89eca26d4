import { describe, expect, test } from "vitest";
import { trigger, triggerBatch } from "../support/application.js";
import { connect, isBrowser, refusal, subscribe, unique, wireOf } from "../support/client.js";
import { EncryptedPusher } from "../support/encrypted-client.js";
import { inboxOf } from "../support/inbox.js";

const Client = EncryptedPusher;

describe("an encrypted channel", () => {
  test.each<[string, unknown]>([
    ["an object", { secret: "żółć 🎉", nested: [1, { two: 2 }] }],
    ["a string", "for your eyes only"],
    ["a number", 7],
  ])("delivers %s that only its subscribers can read", async (_what, data) => {
    const pusher = await connect({ Client });
    const name = unique("private-encrypted");
    const events = inboxOf(await subscribe(pusher, name), "event");
    const wire = wireOf(pusher);
    await trigger(name, "event", data);

    expect(await events.next()).toEqual(data);
    expect(await wire.next()).toEqual({
      event: "event",
      channel: name,
      data: { nonce: expect.stringMatching(/^[\w+/]{32}$/), ciphertext: expect.stringMatching(/^[\w+/=]{22,}$/) },
    });
  });

  test("delivers the events of a batch, in order", async () => {
    const pusher = await connect({ Client });
    const channel = unique("private-encrypted");
    const events = inboxOf(await subscribe(pusher, channel), "event");
    await triggerBatch([1, 2, 3].map((data) => ({ channel, name: "event", data })));

    expect(await events.take(3)).toEqual([1, 2, 3]);
  });

  test("refuses an authorization by a wrong secret", async () => {
    const pusher = await connect({ Client, signer: "impostor" });

    expect(await refusal(pusher, unique("private-encrypted"))).toMatchObject({ type: "AuthError", status: 401 });
  });
});

test("pusher-js with encryption is the build for this platform", () => {
  expect(typeof EncryptedPusher.Runtime.getDocument).toBe(isBrowser ? "function" : "undefined");
});
