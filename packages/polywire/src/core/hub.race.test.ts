import { describe, expect, it } from "vitest";
import { FakeClock, settled } from "../testing/clock.js";
import { DelayedBroker } from "../testing/delayed-broker.js";
import { seededRandom } from "../testing/random.js";
import { draft, FakeSession, plainEncoder, silentObserver, textOf } from "../testing/session.js";
import { channelKey } from "./broker.js";
import type { Position } from "./event.js";
import { Hub } from "./hub.js";
import { Subscription } from "./subscription.js";

const SUBSCRIBERS = 60;
const MESSAGES = 400;
const CHANNEL = "race";
const KEY = channelKey("app", CHANNEL);

/** How one subscriber attaches; the mutations do a part of it wrongly. */
type Attach = (play: Play, session: FakeSession, since: Position | undefined) => Promise<Attached>;

interface Attached {
  readonly session: FakeSession;
  /** The offset of the first message that the subscriber must see. */
  readonly first: number;
}

class Play {
  readonly random: () => number;
  readonly broker: DelayedBroker;
  readonly hub: Hub;

  constructor(seed: number, fanOutTurn: number) {
    const runtime = new FakeClock();
    this.random = seededRandom(seed);
    this.broker = new DelayedBroker({ runtime }, this.random);
    this.hub = new Hub({ broker: this.broker, runtime, observer: silentObserver, fanOutTurn });
  }

  async turns(most: number): Promise<void> {
    for (let turn = Math.floor(this.random() * most); turn > 0; turn--) await new Promise((done) => setImmediate(done));
  }

  /** Publishes the offsets themselves, while subscribers come at random moments, half of them resuming. */
  async run(attach: Attach): Promise<readonly Attached[]> {
    await this.broker.start(this.hub);
    const { epoch } = (await this.broker.history(KEY, { limit: 0 })).head;
    let published = 0;
    const publishing = (async () => {
      while (published < MESSAGES) {
        const count = Math.min(MESSAGES - published, 1 + Math.floor(this.random() * 3));
        const texts = Array.from({ length: count }, (_, index) => String(published + index + 1));
        published += count;
        await this.hub.publish(
          "app",
          CHANNEL,
          texts.map((text) => draft(text)),
        );
        await this.turns(3);
      }
    })();
    const attached = await Promise.all(
      Array.from({ length: SUBSCRIBERS }, async (_, index) => {
        await this.turns(500);
        const offset = Math.floor(this.random() * (published + 1));
        return attach(this, new FakeSession(`session-${index}`), index % 2 === 0 ? { epoch, offset } : undefined);
      }),
    );
    await publishing;
    await this.broker.drained();
    for (let turn = 0; turn < SUBSCRIBERS * 3; turn++) await settled();
    return attached;
  }
}

const correctly: Attach = async (play, session, since) => {
  const subscription = new Subscription(session, CHANNEL, plainEncoder);
  const attachment = await play.hub.subscribe(subscription, { granted: false, ...(since && { since }) });
  await play.turns(3);
  attachment.start();
  return { session, first: (since?.offset ?? attachment.head.offset) + 1 };
};

/** Asks for some of the newest messages, which the reply then holds; those that resume do so in vain. */
const withRecent: Attach = async (play, session, lost) => {
  const subscription = new Subscription(session, CHANNEL, plainEncoder);
  const last = Math.floor(play.random() * 20);
  const { head, recent, start } = await play.hub.subscribe(subscription, {
    granted: false,
    last,
    ...(lost && { since: { ...lost, epoch: "another" } }),
  });
  await play.turns(3);
  session.received.push(...recent.map(textOf));
  start();
  return { session, first: head.offset - Math.min(last, head.offset) + 1 };
};

/** Everyone whose sequence is not exactly first, first + 1, … up to the last message. */
function broken(attached: readonly Attached[]): readonly Attached[] {
  return attached.filter(({ session, first }) => {
    const expected = Array.from({ length: MESSAGES - first + 1 }, (_, index) => String(first + index));
    return session.received.join() !== expected.join();
  });
}

class NeverHeld extends Subscription {
  override get isLive(): boolean {
    return true;
  }
}

const MUTATIONS: Readonly<Record<string, Attach>> = {
  "what arrives is not compared with the head": async ({ hub }, session, since) => {
    const subscription = new Subscription(session, CHANNEL, plainEncoder);
    const { head, start } = await hub.subscribe(subscription, { granted: false, ...(since && { since }) });
    start({ head: { ...head, offset: -1 } });
    return { session, first: (since?.offset ?? head.offset) + 1 };
  },
  "live events are delivered before the reply": async ({ hub }, session, since) => {
    const subscription = new NeverHeld(session, CHANNEL, plainEncoder);
    const { head, start } = await hub.subscribe(subscription, { granted: false, ...(since && { since }) });
    start();
    return { session, first: (since?.offset ?? head.offset) + 1 };
  },
  "history is read before joining": async ({ hub, broker }, session, since) => {
    const query = since === undefined ? { limit: 0 } : { since, limit: 1000 };
    const { events: replay, head } = await broker.history(KEY, query);
    const { start } = await hub.subscribe(new Subscription(session, CHANNEL, plainEncoder), { granted: false });
    start({ replay, head });
    return { session, first: (since?.offset ?? head.offset) + 1 };
  },
};

describe("attaching while messages are published", () => {
  for (const fanOutTurn of [2000, 1]) {
    for (const seed of [1, 2, 3, 4, 5]) {
      it(`[HB1] every subscriber sees a contiguous sequence (seed ${seed}, ${fanOutTurn} subscribers a turn)`, async () => {
        const attached = await new Play(seed, fanOutTurn).run(correctly);
        expect(attached).toHaveLength(SUBSCRIBERS);
        expect(broken(attached).map(({ session, first }) => ({ id: session.id, first }))).toEqual([]);
      });
    }
  }

  for (const seed of [1, 2, 3]) {
    it(`[HB18] what comes after the newest messages is delivered, without a gap and once (seed ${seed})`, async () => {
      const attached = await new Play(seed, 2000).run(withRecent);
      expect(broken(attached).map(({ session, first }) => ({ id: session.id, first }))).toEqual([]);
    });
  }

  for (const [mutation, attach] of Object.entries(MUTATIONS)) {
    it(`[HB1] the test sees it when ${mutation}`, async () => {
      expect(broken(await new Play(1, 2000).run(attach))).not.toEqual([]);
    });
  }
});
