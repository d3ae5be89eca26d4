import type { Page } from "@playwright/test";
import { conversationPath } from "./support/chat-page";
import { APP, REALTIME_URL } from "./support/place";
import { interceptSend } from "./support/requests";
import { expect, test } from "./support/test";

test("the page of somebody else's conversation is not found", async ({ open, converse, faults }) => {
  faults.expect(/status of 404/);
  const conversationId = await converse(["ada", "grace"], { title: "Secret plans", messages: ["Only for two"] });
  const alan = await open("alan", "/");
  const response = await alan.page.goto(conversationPath(conversationId));
  expect(response?.status()).toBe(404);
  await expect(alan.page.getByRole("heading", { name: "Nothing is here for you" })).toBeVisible();
  expect(await response?.text()).not.toMatch(/Secret plans|Only for two/);
  await expect(alan.entry(conversationId)).toHaveCount(0);
  const nowhere = await alan.page.goto(conversationPath("no-such-conversation"));
  expect(nowhere?.status()).toBe(404);
});

test("the actions and the API refuse what is not one's own", async ({ open, converse, stage: { db } }) => {
  const foreign = await converse(["ada", "grace"], { messages: ["Only for two"] });
  const alan = await open("alan", conversationPath(await converse(["alan", "katherine"])));
  await alan.seesOnline(1);
  await interceptSend(alan.page, (route) => {
    const [input] = JSON.parse(route.request().postData() ?? "[]");
    return route.continue({ postData: JSON.stringify([{ ...input, conversationId: foreign }]) });
  });
  await alan.say("Let me in");
  await expect(alan.complaint).toContainText("You are not in this conversation.");
  await expect(alan.box).toHaveValue("Let me in");
  expect(await db.message.count({ where: { conversationId: foreign } })).toBe(1);
  for (const query of ["", "?since=x", "?before=99999"]) {
    const answer = await alan.page.request.get(`/api/conversations/${foreign}/messages${query}`);
    expect(answer.status()).toBe(403);
  }
});

test("the id of somebody's message cannot be used again, neither by others nor elsewhere", async ({
  open,
  converse,
  stage: { db },
}) => {
  const conversationId = await converse(["ada", "alan"], { messages: ["Ada's own"] });
  const { id } = await db.message.findFirstOrThrow({ where: { conversationId } });
  const alan = await open("alan", conversationPath(conversationId));
  await alan.seesOnline(1);
  await interceptSend(alan.page, (route) => {
    const [input] = JSON.parse(route.request().postData() ?? "[]");
    return route.continue({ postData: JSON.stringify([{ ...input, id }]) });
  });
  await alan.say("Replaced");
  await expect(alan.complaint).toContainText("A message with this id exists already.");
  await alan.page.reload();
  await alan.shows(["Ada's own"]);
});

test("the channels of others are refused: by the auth route, and without its signature by the server", async ({
  open,
  converse,
}) => {
  const foreign = await converse(["ada", "grace"]);
  const own = await converse(["alan", "katherine"]);
  const alan = await open("alan", conversationPath(own));
  await alan.seesOnline(1);
  const authorize = (channel: string) =>
    alan.page.request.post("/api/pusher/auth", { form: { socket_id: "1.1", channel_name: channel } });
  for (const channel of [
    `private-conversation-${foreign}`,
    `presence-room-${foreign}`,
    "private-user-ada",
    "private-anything",
  ]) {
    expect((await authorize(channel)).status(), channel).toBe(403);
  }
  const granted = await authorize(`private-conversation-${own}`);
  expect(granted.status()).toBe(200);
  const { auth } = await granted.json();
  for (const forged of [auth, `${APP.key}:${"0".repeat(64)}`, ""]) {
    const answer = await subscribeByHand(alan.page, `private-conversation-${foreign}`, forged);
    expect(answer).toMatchObject({ event: "pusher:subscription_error", data: { type: "AuthError", status: 401 } });
  }
});

test("whoever is not signed in comes to the sign-in page, and gets nothing else", async ({
  openSignedOut,
  converse,
}) => {
  const conversationId = await converse(["ada", "grace"]);
  for (const path of ["/", conversationPath(conversationId)]) {
    const chat = await openSignedOut(path);
    await expect(chat.page).toHaveURL("/login");
  }
  const { page } = await openSignedOut("/login");
  expect((await page.request.get("/api/conversations")).status()).toBe(401);
  expect((await page.request.get(`/api/conversations/${conversationId}/messages`)).status()).toBe(401);
  const form = { socket_id: "1.1", channel_name: `private-conversation-${conversationId}` };
  expect((await page.request.post("/api/pusher/auth", { form })).status()).toBe(401);
});

/** What the realtime server answers to a subscription with that signature, on a connection of its own. */
const subscribeByHand = (page: Page, channel: string, auth: string): Promise<unknown> =>
  page.evaluate(
    ({ url, channel, auth }) =>
      new Promise((resolve) => {
        const socket = new WebSocket(url);
        socket.onmessage = ({ data }) => {
          const message = JSON.parse(data);
          if (message.event === "pusher:connection_established") {
            socket.send(JSON.stringify({ event: "pusher:subscribe", data: { channel, auth } }));
            return;
          }
          socket.close();
          resolve(message);
        };
      }),
    { url: `${REALTIME_URL}/app/${APP.key}?protocol=7&client=js&version=8.6.0`, channel, auth },
  );
