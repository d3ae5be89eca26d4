import { expect, it } from "vitest";
import { channelKey } from "../../core/broker.js";
import { Epochs } from "./epochs.js";

const key = (name: string) => channelKey("app", name);

it("gives a channel another epoch when its offsets are forgotten, and no other channel", () => {
  const epochs = new Epochs("boot");
  const [a, b] = [epochs.of(key("a")), epochs.of(key("b"))];
  epochs.end(key("a"));
  expect(epochs.of(key("a"))).not.toBe(a);
  expect(epochs.of(key("b"))).toBe(b);
});

it("never gives a channel an epoch again, however many others are forgotten", () => {
  const epochs = new Epochs("boot");
  const seen = new Set<string>();
  for (let turn = 0; turn < 5; turn += 1) {
    seen.add(epochs.of(key("a")));
    epochs.end(key("a"));
    for (let other = 0; other < 15_000; other += 1) epochs.end(key(`${other}`));
  }
  expect(seen.size).toBe(5);
});
