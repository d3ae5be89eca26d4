import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Broker,
  type ChannelKey,
  type Command,
  channelKey,
  type LifecycleEvent,
  type LogPolicy,
  type Member,
} from "../core/broker.js";
import type { Annotation, Change, ChannelEvent, Draft, PresenceEvent } from "../core/event.js";
import type { FakeClock } from "../testing/clock.js";
import { draft, textOf } from "../testing/session.js";

/** Brokers that share their channels, one a node, and the time they go by. */
export interface Cluster {
  readonly brokers: readonly Broker[];
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

export interface ContractOptions {
  /** How many nodes a cluster of this broker can have. */
  readonly nodes: 1 | 2;
}

const KEY = channelKey("app", "channel");
const LOG: LogPolicy = { size: 100, bytes: 100_000, ttlMs: 120_000, latestTtlMs: 0 };
const LIMITS = { users: 100, log: LOG };

/** What a node's sink was handed. */
class Received {
  readonly events = new Map<ChannelKey, ChannelEvent[]>();
  readonly lifecycles: (readonly [ChannelKey, LifecycleEvent])[] = [];
  readonly commands: Command[] = [];

  receive(key: ChannelKey, events: readonly ChannelEvent[]): void {
    this.events.set(key, [...this.on(key), ...events]);
  }

  lifecycle(key: ChannelKey, event: LifecycleEvent): void {
    this.lifecycles.push([key, event]);
  }

  obey(command: Command): void {
    this.commands.push(command);
  }

  on(key: ChannelKey): readonly ChannelEvent[] {
    return this.events.get(key) ?? [];
  }

  texts(key = KEY): readonly string[] {
    return this.on(key).map(textOf);
  }
}

const member = (clientId: string, sessionId = `${clientId}-session`): Member => ({
  clientId,
  clientIdJson: JSON.stringify(clientId),
  sessionId,
  data: { type: "json", text: `{"name":"${clientId}"}` },
  encoding: null,
  extras: null,
  id: null,
  since: 0,
});

const presence = (action: PresenceEvent["action"], of: Member): Draft<PresenceEvent> => ({
  kind: "presence",
  action,
  client: { clientId: of.clientId, clientIdJson: of.clientIdJson },
  origin: of.sessionId,
  except: null,
  data: of.data,
  encoding: null,
  extras: null,
});

const enter = (broker: Broker, who: Member, limits = LIMITS) => broker.change(KEY, presence("enter", who), who, limits);
const leave = (broker: Broker, who: Member) => broker.change(KEY, presence("leave", who), who, LIMITS);
const offsets = (events: readonly ChannelEvent[]) => events.map(({ position }) => position?.offset);

/** The suite that every Broker passes; its titles begin with the rules of SPEC.md. */
export function brokerContract(
  name: string,
  makeCluster: (nodes: number) => Promise<Cluster>,
  { nodes }: ContractOptions,
) {
  describe(`broker contract: ${name}`, () => {
    let cluster: Cluster;
    let sinks: Received[];
    let broker: Broker;

    beforeEach(async () => {
      cluster = await makeCluster(nodes);
      sinks = cluster.brokers.map(() => new Received());
      await Promise.all(cluster.brokers.map((each, index) => each.start(sinks[index] as Received)));
      broker = cluster.brokers[0] as Broker;
    });
    afterEach(() => cluster.close());

    const subscribeAll = () => Promise.all(cluster.brokers.map((each) => each.subscribe(KEY)));
    const publish = (texts: readonly string[], log = LOG) =>
      broker.publish(
        KEY,
        texts.map((text) => draft(text)),
        log,
      );
    const history = (offset: number, epoch: string, limit = 100) =>
      broker.history(KEY, { since: { epoch, offset }, limit });

    it("[BR1] publish stamps consecutive offsets under one epoch, and answers the events as stamped", async () => {
      const head = await broker.subscribe(KEY);
      const events = [...(await publish(["a", "b"])), ...(await publish(["c"]))];
      expect(offsets(events)).toEqual([1, 2, 3].map((step) => head.offset + step));
      expect(new Set(events.map(({ position }) => position?.epoch))).toEqual(new Set([head.epoch]));
      expect(new Set(events.map(({ id }) => id)).size).toBe(3);
    });

    it("[BR2] every node that subscribed receives what is published, in log order, the publisher's own included", async () => {
      await subscribeAll();
      for (const each of cluster.brokers) await each.publish(KEY, [draft("x"), draft("y")], LOG);
      for (const sink of sinks) {
        expect(sink.texts()).toEqual(cluster.brokers.flatMap(() => ["x", "y"]));
        expect(offsets(sink.on(KEY))).toEqual(offsets(sink.on(KEY)).toSorted((a, b) => Number(a) - Number(b)));
      }
    });

    it("[BR3] a node that has not subscribed, or not any more, receives nothing", async () => {
      await publish(["before"]);
      await subscribeAll();
      await broker.unsubscribe(KEY);
      await publish(["after"]);
      expect(sinks[0]?.texts()).toEqual([]);
    });

    it("[BR4] what is published together is received together, in one call", async () => {
      await broker.subscribe(KEY);
      const calls: number[] = [];
      const sink = sinks[0] as Received;
      sink.receive = (_key, events) => void calls.push(events.length);
      const events = await publish(["a", "b", "c"]);
      expect(calls).toEqual([3]);
      expect(events).toMatchObject([{ rest: 2 }, { rest: 1 }, { rest: 0 }]);
    });

    it("[BR5] a known id within two minutes publishes nothing and answers when and where the first was; after that it is new", async () => {
      await broker.subscribe(KEY);
      const [first] = await broker.publish(KEY, [draft("first", { id: "mine" })], LOG);
      await cluster.advance(119_000);
      const again = await broker.publish(KEY, [draft("second", { id: "mine" }), draft("other", { id: "yours" })], LOG);
      expect(again[0]).toMatchObject({ id: "mine", position: first?.position, timestamp: first?.timestamp });
      expect(sinks[0]?.texts()).toEqual(["first", "other"]);
      await cluster.advance(2000);
      await broker.publish(KEY, [draft("third", { id: "mine" })], LOG);
      expect(sinks[0]?.texts()).toEqual(["first", "other", "third"]);
    });

    it("[BR6] history since a position is everything after it, in order, and says that it is complete", async () => {
      const { epoch } = await broker.subscribe(KEY);
      await publish(["a", "b", "c"]);
      const page = await history(1, epoch);
      expect(page.events.map(textOf)).toEqual(["b", "c"]);
      expect(page).toMatchObject({ complete: true, head: { epoch, offset: 3 } });
      expect(await history(3, epoch)).toMatchObject({ complete: true, events: [] });
    });

    it("[BR7] history that misses something says so: trimmed by size, by bytes, by time, or cut by the limit", async () => {
      const { epoch } = await broker.subscribe(KEY);
      await publish(["a", "b", "c"], { ...LOG, size: 2 });
      expect(await history(0, epoch)).toMatchObject({ complete: false });
      expect((await history(1, epoch)).events.map(textOf)).toEqual(["b", "c"]);
      expect(await history(1, epoch, 1)).toMatchObject({ complete: false });
      await publish(["x".repeat(2000)], { ...LOG, bytes: 1000 });
      expect(await history(3, epoch)).toMatchObject({ complete: false, events: [] });
      await publish(["old"]);
      await cluster.advance(LOG.ttlMs);
      expect(await history(4, epoch)).toMatchObject({ complete: false, events: [] });
    });

    it("[BR8] history since another epoch, or since a position that was never reached, is not complete", async () => {
      const { epoch } = await broker.subscribe(KEY);
      await publish(["a"]);
      expect(await history(0, "another")).toMatchObject({ complete: false });
      expect(await history(7, epoch)).toMatchObject({ complete: false });
    });

    it("[BR9] a log of size 0 keeps nothing and still counts, so that a gap is seen", async () => {
      const { epoch } = await broker.subscribe(KEY);
      await publish(["a", "b"], { ...LOG, size: 0 });
      expect(await history(0, epoch)).toMatchObject({ complete: false, events: [], head: { epoch, offset: 2 } });
      expect(await history(2, epoch)).toMatchObject({ complete: true, events: [] });
    });

    it("[BR10] the newest message is kept as long as the policy says, whatever else the log forgets", async () => {
      await publish(["a", "b"], { ...LOG, size: 0, latestTtlMs: 60_000 });
      const kept = await broker.latest(KEY);
      expect(kept.latest && textOf(kept.latest.message)).toBe("b");
      expect(kept.head.offset).toBe(2);
      await enter(broker, member("ann"));
      await cluster.advance(59_000);
      expect((await broker.latest(KEY)).latest?.ttlMs).toBe(1000);
      await cluster.advance(1000);
      expect((await broker.latest(KEY)).latest).toBeNull();
    });

    it("[BR11] an ephemeral event is received, and has no position, no history and no effect on offsets", async () => {
      await subscribeAll();
      await broker.publishEphemeral(KEY, draft("typing"));
      const [after] = await publish(["a"]);
      for (const sink of sinks) expect(sink.texts()).toEqual(["typing", "a"]);
      expect(sinks[0]?.on(KEY)[0]).toMatchObject({ position: null });
      expect(after?.position?.offset).toBe(1);
      expect((await history(0, after?.position?.epoch ?? "")).events.map(textOf)).toEqual(["a"]);
    });

    it("[BR12] a change of presence and its announcement are one step; edge tells a client's first entry and last exit", async () => {
      await subscribeAll();
      const [phone, laptop] = [member("ann", "phone"), member("ann", "laptop")];
      expect(await enter(broker, phone)).toEqual({ edge: true });
      expect(await enter(broker, laptop)).toEqual({ edge: false });
      expect(await leave(broker, phone)).toEqual({ edge: false });
      expect(await leave(broker, laptop)).toEqual({ edge: true });
      for (const sink of sinks) {
        const seen = sink.on(KEY).map((event) => event.kind === "presence" && [event.action, event.edge]);
        expect(seen).toEqual([
          ["enter", true],
          ["enter", false],
          ["leave", false],
          ["leave", true],
        ]);
        expect(offsets(sink.on(KEY))).toEqual([1, 2, 3, 4]);
      }
    });

    it("[BR13] entering twice and leaving without having entered change and announce nothing", async () => {
      await broker.subscribe(KEY);
      await enter(broker, member("ann"));
      expect(await enter(broker, member("ann"))).toEqual({ edge: false });
      expect(await leave(broker, member("bob"))).toEqual({ edge: false });
      expect(sinks[0]?.on(KEY)).toHaveLength(1);
    });

    it("[BR14] members come back as they entered, oldest first, with the position that the list is true at", async () => {
      await publish(["a"]);
      await enter(broker, member("ann"));
      await enter(broker, { ...member("2"), clientIdJson: "2" });
      const { members, head } = await broker.members(KEY);
      expect(members).toEqual([member("ann"), { ...member("2"), clientIdJson: "2" }]);
      expect(head.offset).toBe(3);
      await leave(broker, member("ann"));
      expect((await broker.members(KEY)).members).toHaveLength(1);
    });

    it("[BR15] one user more than the limit is refused and changes nothing; a further session of a member is not", async () => {
      const limits = { ...LIMITS, users: 1 };
      await enter(broker, member("ann"), limits);
      await expect(enter(broker, member("bob"), limits)).rejects.toMatchObject({ code: "limit-reached" });
      await enter(broker, member("ann", "other"), limits);
      expect(await broker.occupancy(KEY)).toMatchObject({ users: 1 });
    });

    it("[BR16] counts are absolute: repeated they change nothing, and 0 ends a channel's being occupied", async () => {
      await broker.count(KEY, 3);
      await broker.count(KEY, 3);
      await enter(broker, member("ann"));
      expect(await broker.occupancy(KEY)).toEqual({ subscriptions: 3, users: 1 });
      expect([...(await broker.channels("app", "")).keys()]).toEqual(["channel"]);
      await broker.count(KEY, 0);
      expect((await broker.channels("app", "")).size).toBe(0);
    });

    it("[BR17] channels are listed by app and prefix, and no name reaches another app's", async () => {
      await broker.count(channelKey("app", "presence-a"), 1);
      await broker.count(channelKey("app", "b"), 2);
      await broker.count(channelKey("app2", "presence-a"), 9);
      expect(await broker.channels("app", "presence-")).toEqual(
        new Map([["presence-a", { subscriptions: 1, users: 0 }]]),
      );
      expect((await broker.channels("ap", "")).size).toBe(0);
    });

    it("[BR18] two channels have logs of their own", async () => {
      const other = channelKey("app", "other");
      const { epoch } = await broker.subscribe(other);
      await publish(["a"]);
      const [event] = await broker.publish(other, [draft("b")], LOG);
      expect(event?.position).toEqual({ epoch, offset: 1 });
      expect(sinks[0]?.texts(other)).toEqual(["b"]);
    });

    it("[BR19] the newest messages come back oldest first, without presence events, with the head", async () => {
      await publish(["a", "b"]);
      await enter(broker, member("ann"));
      await publish(["c"]);
      const read = async (limit: number) => (await broker.recent(KEY, limit)).messages.map(textOf);
      expect(await read(2)).toEqual(["b", "c"]);
      expect(await read(100)).toEqual(["a", "b", "c"]);
      expect((await broker.recent(KEY, 1)).head.offset).toBe(4);
      await cluster.advance(LOG.ttlMs);
      expect(await broker.recent(KEY, 100)).toMatchObject({ messages: [], head: { offset: 4 } });
      expect((await broker.recent(channelKey("app", "empty"), 5)).messages).toEqual([]);
    });

    it("[BR20] an update changes what is shown of a member, and announces it", async () => {
      await broker.subscribe(KEY);
      await enter(broker, member("ann"));
      const away: Member = { ...member("ann"), data: { type: "text", text: "away" } };
      expect(await broker.change(KEY, presence("update", away), away, LIMITS)).toEqual({ edge: false });
      expect((await broker.members(KEY)).members).toEqual([away]);
      expect(sinks[0]?.on(KEY).at(-1)).toMatchObject({ action: "update", edge: false, data: away.data });
    });

    it("[BR21] one node is told, once and in order, when a channel is occupied and vacated", async () => {
      const last = cluster.brokers.at(-1) as Broker;
      await broker.count(KEY, 1);
      if (nodes > 1) await last.count(KEY, 3);
      await broker.count(KEY, 2);
      await broker.count(KEY, 0);
      await last.count(KEY, 0);
      await broker.count(KEY, 0);
      await broker.count(KEY, 1);
      const told = sinks.flatMap(({ lifecycles }) => lifecycles);
      expect(told.map(([key]) => key)).toEqual([KEY, KEY, KEY]);
      expect(told.map(([, { type }]) => type)).toEqual(["occupied", "vacated", "occupied"]);
    });

    it("[BR21] one node is told, once and in order, of a client's first entry and last exit, subscribed or not", async () => {
      const [ann, again] = [member("ann"), member("ann", "second")];
      const { clientId, clientIdJson } = ann;
      for (const who of [ann, again, ann]) await enter(broker, who);
      for (const who of [ann, again, again]) await leave(broker, who);
      expect(sinks.flatMap(({ lifecycles }) => lifecycles)).toEqual([
        [KEY, { type: "entered", client: { clientId, clientIdJson } }],
        [KEY, { type: "left", client: { clientId, clientIdJson } }],
      ]);
    });

    it("[BR22] a command reaches every node once, the one that gave it included", async () => {
      const command: Command = { type: "terminate-user", appId: "app", userId: "ann" };
      await broker.broadcast(command);
      for (const { commands } of sinks) expect(commands).toEqual([command]);
    });

    it("[BR23] history can be read backwards, page by page without a gap", async () => {
      const [first] = await publish(["a", "b", "c", "d", "e"]);
      const epoch = first?.position?.epoch ?? "";
      const read = async (before?: number) => {
        const page = await broker.history(KEY, {
          limit: 2,
          from: "newest",
          ...(before !== undefined && { before: { epoch, offset: before } }),
        });
        return page.events.map(textOf);
      };
      expect(await read()).toEqual(["d", "e"]);
      expect(await read(4)).toEqual(["b", "c"]);
      expect(await read(2)).toEqual(["a"]);
      expect(await read(1)).toEqual([]);
      const until = await broker.history(KEY, { limit: 100, before: { epoch, offset: 3 } });
      expect(until.events.map(textOf)).toEqual(["a", "b"]);
      const elsewhere = await broker.history(KEY, { limit: 100, before: { epoch: "other", offset: 3 } });
      expect(elsewhere.events).toEqual([]);
    });

    const change = (text: string, more: Partial<Change> = {}): Change => ({
      action: "update",
      name: null,
      data: { type: "text", text },
      encoding: null,
      extras: null,
      client: null,
      origin: null,
      except: null,
      note: null,
      ...more,
    });
    const AMENDING = { bytes: 1000, log: LOG };

    it("[BR25] a change of a message is stamped, logged and handed out, whole and with what was added", async () => {
      await broker.subscribe(KEY);
      const [first] = await publish(["hello"]);
      const at = first?.position ?? { epoch: "", offset: 0 };
      const appended = await broker.amend(
        KEY,
        at,
        change(" world", { action: "append", note: { by: "ann" } }),
        AMENDING,
      );
      expect(appended).toMatchObject({
        name: "event",
        data: { text: "hello world" },
        appended: { data: { text: " world" } },
        original: { id: first?.id, position: at },
        position: { epoch: at.epoch, offset: at.offset + 1 },
        note: { by: "ann" },
      });
      expect(appended.timestamp).toBeGreaterThan(first?.timestamp ?? Number.POSITIVE_INFINITY);
      const updated = await broker.amend(KEY, at, change("bye", { name: "other" }), AMENDING);
      expect(updated).toMatchObject({ name: "other", data: { text: "bye" }, appended: null });
      expect(sinks[0]?.on(KEY)).toEqual([first, appended, updated]);
      expect((await history(at.offset, at.epoch)).events).toEqual([appended, updated]);
      expect(await broker.newest(KEY, [at])).toEqual(new Map([[at.offset, updated]]));
    });

    it("[BR27] what is said of a message is handed out with all that was said before, and changes nothing of it", async () => {
      await broker.subscribe(KEY);
      const [first] = await publish(["hello"]);
      const at = first?.position ?? { epoch: "", offset: 0 };
      const { name: _name, ...rest } = draft("");
      const said = (name: string): Draft<Annotation> => ({
        ...rest,
        kind: "annotation",
        action: "create",
        type: "a:b",
        name,
        count: null,
      });
      const one = await broker.annotate(KEY, at, said("1"), LOG);
      const two = await broker.annotate(KEY, at, said("2"), LOG);
      expect(one.all().map(({ name }) => name)).toEqual(["1"]);
      expect(two.all().map(({ name }) => name)).toEqual(["1", "2"]);
      expect(two).toMatchObject({ original: { id: first?.id, position: at }, position: { offset: at.offset + 2 } });
      expect(sinks[0]?.on(KEY)).toEqual([first, one, two]);
      expect(await broker.annotations(KEY, at)).toEqual([one, two]);
      expect(await broker.versions(KEY, at)).toEqual([first]);
      const nowhere = broker.annotate(KEY, { ...at, offset: 99 }, said("3"), LOG);
      await expect(nowhere).rejects.toMatchObject({ code: "not-found" });
    });

    it("[BR26] versions come back oldest first, and what is not kept cannot change", async () => {
      const [first] = await publish(["hello"]);
      const at = first?.position ?? { epoch: "", offset: 0 };
      const updated = await broker.amend(KEY, at, change("bye"), AMENDING);
      expect(await broker.versions(KEY, at)).toEqual([first, updated]);
      const nowhere = [{ ...at, offset: 99 }, { ...at, epoch: "other" }, updated.position ?? at];
      for (const position of nowhere) {
        expect(await broker.versions(KEY, position)).toEqual([]);
        await expect(broker.amend(KEY, position, change("x"), AMENDING)).rejects.toMatchObject({ code: "not-found" });
      }
      const tooLong = change("x".repeat(1000), { action: "append" });
      await expect(broker.amend(KEY, at, tooLong, AMENDING)).rejects.toMatchObject({ code: "too-large" });
      const bytes = change("", { action: "append", data: { type: "binary", bytes: Uint8Array.of(1) } });
      await expect(broker.amend(KEY, at, bytes, AMENDING)).rejects.toMatchObject({ code: "bad-request" });
      await cluster.advance(LOG.ttlMs + 1);
      await expect(broker.amend(KEY, at, change("x"), AMENDING)).rejects.toMatchObject({ code: "not-found" });
    });

    it("[BR24] timestamps do not go back when the clock does", async () => {
      const [before] = await publish(["before"]);
      await cluster.advance(-5000);
      const [after] = await publish(["after"]);
      expect(after?.timestamp).toBeGreaterThanOrEqual(before?.timestamp ?? Number.POSITIVE_INFINITY);
    });
  });
}

/** A cluster of one, going by a FakeClock. */
export function single(broker: Broker, clock: FakeClock): Cluster {
  return { brokers: [broker], advance: async (ms) => clock.advance(ms), close: () => broker.close() };
}
