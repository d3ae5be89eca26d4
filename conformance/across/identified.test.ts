import { expect, test } from "vitest";
import { tokenOf } from "../support/application.js";
import { connect, refusal, signIn, subscribe, unique } from "../support/client.js";
import { inboxOf } from "../support/inbox.js";
import { ask, connectSocket, refusedSocket } from "../support/socket-io.js";

// `identified` in the configuration; the whole name is the namespace, for Pusher's names have no ":".
const CHANNEL = "members";

test("[AR8] a namespace for clients with an id has no others, whatever protocol they speak", async () => {
  const auth = { token: await tokenOf({ sub: "ann", rooms: { [CHANNEL]: ["join", "send"] } }) };
  expect(await refusal(await connect(), CHANNEL)).toMatchObject({ type: "AuthError", status: 401 });
  const anonymous = await connectSocket();
  expect(await ask(anonymous, "subscribe", { channel: CHANNEL })).toMatchObject({
    ok: false,
    error: { code: "unidentified", status: 401 },
  });
  expect((await refusedSocket(`/ch/${CHANNEL}`)).data).toMatchObject({ code: "unidentified" });

  const received = inboxOf(await subscribe(await signIn({ id: unique("bob") }), CHANNEL), "event");
  const ann = await connectSocket("", { auth });
  expect(await ask(ann, "subscribe", { channel: CHANNEL })).toMatchObject({ ok: true });
  expect(await ask(ann, "publish", { channel: CHANNEL, event: "event", data: "hello" })).toMatchObject({ ok: true });
  expect(await received.next()).toBe("hello");
});
