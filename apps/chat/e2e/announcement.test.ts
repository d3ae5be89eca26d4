import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { conversationPath } from "./support/chat-page";
import { HOST } from "./support/place";
import { expect, test } from "./support/test";

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks = await request.toArray();
  return Buffer.concat(chunks).toString();
}

test("a stored message that could not be announced is announced again, the same", async ({
  open,
  converse,
  stage: { realtime },
  faults,
}) => {
  faults.expect(/console error: WebSocket connection to .* failed/);
  const conversationId = await converse(["ada", "grace"]);
  const ada = await open("ada", conversationPath(conversationId));
  await ada.seesOnline(1);
  await realtime.kill();
  const announced: string[] = [];
  // In the place of the server: one that fails twice, and then takes what it gets.
  const failing = createServer(async (request, response) => {
    const body = await bodyOf(request);
    const isMessage = body.includes(`private-conversation-${conversationId}`);
    if (isMessage) announced.push(body);
    response.writeHead(isMessage && announced.length <= 2 ? 503 : 200).end("{}");
  }).listen(realtime.port, HOST);
  await once(failing, "listening");
  try {
    await ada.say("Heard at last");
    await ada.shows(["Heard at last"]);
    await expect.poll(() => announced.length).toBe(3);
    const [first = ""] = announced;
    expect(JSON.parse(first)).toMatchObject({ name: "new-message", data: expect.stringContaining("Heard at last") });
    expect(announced).toEqual([first, first, first]);
  } finally {
    failing.closeAllConnections();
    failing.close();
    await once(failing, "close");
  }
});
