import { expect, it } from "vitest";
import type { HubObserver } from "../core/observer.js";
import { silentObserver } from "../testing/session.js";
import { Observers } from "./observers.js";

it("observers are told the same, of everything that can be observed", () => {
  const told: unknown[] = [];
  const named = (who: string) => {
    const entries = Object.keys(silentObserver).map((name) => [
      name,
      (...said: unknown[]) => told.push([who, name, said]),
    ]);
    return Object.fromEntries(entries) as HubObserver;
  };
  const observers = new Observers(named("first"), {});
  observers.add(named("second"));
  const all = observers as unknown as Record<string, (...said: unknown[]) => void>;
  for (const name of Object.keys(silentObserver)) {
    all[name]?.(name, 1, null);
    expect(told.splice(0)).toEqual(["first", "second"].map((who) => [who, name, [name, 1, null]]));
  }
});
