import { describe, expect, it } from "vitest";
import { RealtimeError } from "../core/errors.js";
import type { Message } from "../core/event.js";
import { FakeClock } from "../testing/clock.js";
import { draft, FakeSession } from "../testing/session.js";
import { LiveView } from "./live-view.js";
import { Terminal } from "./terminal.js";

function world() {
  const clock = new FakeClock();
  const written: string[] = [];
  const terminal = new Terminal(
    (text) => written.push(text),
    false,
    () => clock.now(),
  );
  const view = new LiveView(terminal, clock);
  const publish = (name: string, text: string) =>
    view.publishedEphemeral("1", "room", draft(text, { name, origin: "1.1", except: "1.1" }));
  /** What was written since the last call, without the times. */
  const take = () => written.splice(0).map((line) => line.replace(/^\d\d:\d\d:\d\d {2}/, ""));
  return { clock, view, publish, take };
}

describe("LiveView", () => {
  it("shows an event at once, and what repeats it as one line a second", () => {
    const { clock, publish, take } = world();
    publish("move", "1");
    expect(take()).toEqual(["client event    room move 1 by 1.1 to nobody\n"]);
    for (let n = 2; n <= 50; n++) publish("move", String(n));
    expect(take()).toEqual([]);
    clock.advance(1000);
    expect(take()).toEqual(["client event    room move 50 by 1.1 to nobody × 49\n"]);
    publish("move", "51");
    publish("move", "52");
    clock.advance(1000);
    expect(take()).toEqual(["client event    room move 52 by 1.1 to nobody × 2\n"]);
  });

  it("shows an event at once again after a quiet second", () => {
    const { clock, publish, take } = world();
    publish("move", "1");
    clock.advance(1000);
    publish("move", "2");
    expect(take()).toHaveLength(2);
  });

  it("takes other events, and other channels, for no repeats", () => {
    const { view, publish, take } = world();
    publish("move", "1");
    publish("click", "1");
    view.publishedEphemeral("1", "hall", draft("1", { name: "move" }));
    view.published("1", "room", [
      { ...draft("1", { name: "move" }), id: "a", position: null, timestamp: 0 } as Message,
    ]);
    expect(take()).toHaveLength(4);
  });

  it("counts who is subscribed, and not who is spared", () => {
    const { view, publish, take } = world();
    const [one, two] = [new FakeSession("1.1"), new FakeSession("2.2")];
    view.subscriptions(one, "room", 1);
    view.subscriptions(two, "room", 1);
    publish("a", "");
    view.subscriptions(one, "room", -1);
    publish("b", "");
    view.subscriptions(two, "room", -1);
    publish("c", "");
    const events = take().filter((line) => line.startsWith("client event"));
    expect(events.map((line) => / to (.+)\n/.exec(line)?.[1])).toEqual(["1 subscriber", "1 subscriber", "nobody"]);
  });

  it("shows every refusal of every session, and repeats of one as one line a second", () => {
    const { clock, view, take } = world();
    const reason = new RealtimeError("rate-limited", "Too many.");
    const attempt = { kind: "client-event", channel: "room", event: "client-a" } as const;
    for (const id of ["1.1", "2.2", "1.1", "1.1"]) view.refused(new FakeSession(id), reason, attempt);
    clock.advance(1000);
    expect(take()).toEqual([
      "refused         client event client-a on room by 1.1: Too many.\n",
      "refused         client event client-a on room by 2.2: Too many.\n",
      "refused         client event client-a on room by 1.1: Too many. × 2\n",
    ]);
  });

  it("shows an origin that is refused, and a session that is ended", () => {
    const { view, take } = world();
    const origin = "https://evil.example";
    view.refused(null, new RealtimeError("origin-refused", "Not you.", "See the origins."), {
      kind: "connection",
      origin,
    });
    view.refused(new FakeSession("1.1"), new RealtimeError("unresponsive", "No pong arrived."), null);
    expect(take()).toEqual([
      "refused         connection from https://evil.example: Not you. See the origins.\n",
      "ended           1.1: No pong arrived.\n",
    ]);
  });

  it("keeps names in their place, and long ones short", () => {
    const { view, take } = world();
    const refuse = (channel: string) =>
      view.refused(null, new RealtimeError("bad-request", "No."), { kind: "subscription", channel });
    refuse("a: fine");
    refuse("x".repeat(300));
    expect(take()).toEqual([
      'refused         subscription to "a: fine": No.\n',
      `refused         subscription to ${"x".repeat(80)}…: No.\n`,
    ]);
  });

  it("shows data that is binary, or none", () => {
    const { view, take } = world();
    view.publishedEphemeral("1", "a", draft("", { data: { type: "binary", bytes: new Uint8Array(3) } }));
    view.publishedEphemeral("1", "b", draft("", { data: null }));
    expect(take()).toEqual([
      "client event    a event 3 bytes to nobody\n",
      "client event    b event without data to nobody\n",
    ]);
  });
});
