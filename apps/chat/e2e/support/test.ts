import { type BrowserContext, type BrowserContextOptions, test as base } from "@playwright/test";
import { userChannel } from "../../lib/channels";
import { CONVERSATIONS, PASSWORD, PEOPLE } from "../../lib/demo";
import { ChatPage } from "./chat-page";
import { Faults } from "./faults";
import { listening } from "./listening";
import { REALTIME_HOST, REALTIME_PORT, type RealtimeName } from "./place";
import { type Stage, withStage } from "./stage";

export { expect } from "@playwright/test";

export type PersonId = (typeof PEOPLE)[number]["id"];

interface NewConversation {
  readonly title?: string;
  /** The texts of messages, by its people in turn; they count as read. */
  readonly messages?: readonly string[];
}

interface TestFixtures {
  readonly faults: Faults;
  /** A signed-in person in a browser of their own, with that path open. */
  readonly open: (person: PersonId, path: string, options?: BrowserContextOptions) => Promise<ChatPage>;
  /** A browser in which nobody is signed in. */
  readonly openSignedOut: (path: string, options?: BrowserContextOptions) => Promise<ChatPage>;
  /** Makes a conversation; its id. It is gone after the test, as are those that the test made on a page. */
  readonly converse: (people: readonly PersonId[], options?: NewConversation) => Promise<string>;
}

export interface WorkerFixtures {
  /** What the dashboard and the notifications come by: the project's. */
  readonly realtime: RealtimeName;
  readonly stage: Stage;
  /** The cookies of a session that lasts as long as the worker. */
  readonly sessionOf: (person: PersonId) => Promise<BrowserContextOptions["storageState"]>;
}

/** Flags without which Chromium looks for hosts outside, or uses a graphics card that is not there. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const test = base.extend<TestFixtures, WorkerFixtures>({
  realtime: ["pusher", { option: true, scope: "worker" }],

  stage: [async ({ realtime }, use) => withStage(realtime, use), { scope: "worker", timeout: 60_000 }],

  launchOptions: [
    async ({ stage }, use) => {
      const { CHROME_BIN } = process.env;
      const realtime = `MAP ${REALTIME_HOST}:${REALTIME_PORT} 127.0.0.1:${stage.realtime.port}`;
      const args = [...FLAGS, `--host-resolver-rules=${realtime}`];
      await use({ args, ...(CHROME_BIN && { executablePath: CHROME_BIN }) });
    },
    { scope: "worker" },
  ],

  sessionOf: [
    async ({ browser, stage }, use) => {
      const sessions = new Map<PersonId, BrowserContextOptions["storageState"]>();
      await use(async (person) => {
        const known = sessions.get(person);
        if (known !== undefined) return known;
        const context = await browser.newContext({ baseURL: stage.url });
        const chat = new ChatPage(await context.newPage());
        await chat.page.goto("/login");
        await chat.signIn(emailOf(person), PASSWORD);
        await chat.page.waitForURL("/");
        const session = await context.storageState();
        await context.close();
        sessions.set(person, session);
        return session;
      });
    },
    { scope: "worker" },
  ],

  faults: [
    async ({ stage }, use) => {
      const faults = new Faults();
      const before = stage.errors().length;
      await use(faults);
      // Killed by this test, perhaps; the next one needs it.
      await stage.realtime.start();
      faults.complained(stage.errors().slice(before));
      faults.check();
    },
    { auto: true },
  ],

  // `converse` is named so that its conversations outlive the pages.
  openSignedOut: async ({ browser, stage, faults, converse: _ }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async (path, options = {}) => {
      const context = await browser.newContext({ baseURL: stage.url, ...options });
      contexts.push(context);
      faults.watch(context);
      const chat = new ChatPage(await context.newPage());
      await chat.page.goto(path);
      return chat;
    });
    await Promise.all(contexts.map((context) => context.close()));
  },

  open: async ({ openSignedOut, sessionOf, realtime }, use) => {
    await use(async (person, path, options = {}) => {
      const session = { storageState: await sessionOf(person), ...options };
      const chat = await openSignedOut("about:blank", session);
      chat.isListening = listening(chat.page, realtime, userChannel(person));
      await chat.page.goto(path);
      if (realtime === "ably") await chat.isListening;
      return chat;
    });
  },

  converse: async ({ stage: { db } }, use) => {
    await use(async (people, { title, messages = [] } = {}) => {
      const memberships = { create: people.map((userId) => ({ userId })) };
      const { id } = await db.conversation.create({ data: { title: title ?? null, memberships } });
      for (const [index, content] of messages.entries()) {
        const data = {
          id: crypto.randomUUID(),
          conversationId: id,
          authorId: people[index % people.length] ?? "",
          content,
          createdAt: new Date(Date.now() - (messages.length - index) * 60_000),
        };
        await db.message.create({ data, select: { id: true } });
      }
      const { _max } = await db.message.aggregate({ where: { conversationId: id }, _max: { number: true } });
      const read = { lastReadNumber: _max.number ?? 0 };
      await db.membership.updateMany({ where: { conversationId: id }, data: read });
      return id;
    });
    const seeded = CONVERSATIONS.map(({ id }) => id);
    await db.conversation.deleteMany({ where: { id: { notIn: seeded } } });
  },
});

export const emailOf = (person: PersonId): string => `${person}@example.com`;
export const nameOf = (person: PersonId): string => PEOPLE.find(({ id }) => id === person)?.name ?? "";
