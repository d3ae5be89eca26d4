import { describe, expect, test } from "vitest";
import { settled, signIn, unique } from "../support/client.js";
import { jsonOf, refusedWith, sdk, send } from "../support/http-api.js";
import { inboxOf } from "../support/inbox.js";

describe("sendToUser", () => {
  test("is answered with {}, and reaches the user", async () => {
    const ann = unique("ann");
    const news = inboxOf((await signIn({ id: ann })).user, "news");

    expect(await jsonOf(sdk().sendToUser(ann, "news", { text: "hello" }))).toEqual({});
    expect(await news.next()).toEqual({ text: "hello" });
  });

  test("reaches no user of that id of another app", async () => {
    const ann = unique("ann");
    const other = await signIn({ id: ann }, { app: "other" });
    const news = inboxOf(other.user, "news");
    await sdk().sendToUser(ann, "news", "for another");
    await settled(other);

    expect(news.values).toEqual([]);
  });

  test("to nobody is no fault", async () => {
    expect(await jsonOf(sdk().sendToUser(unique("nobody"), "news", 1))).toEqual({});
  });

  test.each([["#server-to-user-"], [`#server-to-user-${"x".repeat(129)}`], ["#other"]])(
    "by an SDK that lets %s pass is refused with 400",
    async (channel) => {
      const body = JSON.stringify({ name: "news", data: "{}", channels: [channel] });
      expect((await send({ path: "/events", body })).status).toBe(400);
    },
  );
});

describe("terminateUserConnections", () => {
  test("is answered with {}, and closes the user's connections", async () => {
    const ann = unique("ann");
    const pusher = await signIn({ id: ann });

    expect(await jsonOf(sdk().terminateUserConnections(ann))).toEqual({});
    await expect.poll(() => pusher.connection.state).toBe("disconnected");
    expect(await jsonOf(sdk().terminateUserConnections(ann))).toEqual({});
  });

  test("with a wrong secret is refused with 401, and closes nothing", async () => {
    const ann = unique("ann");
    const pusher = await signIn({ id: ann });

    expect((await refusedWith(sdk("impostor").terminateUserConnections(ann))).status).toBe(401);
    await settled(pusher);
    expect(pusher.connection.state).toBe("connected");
  });
});
