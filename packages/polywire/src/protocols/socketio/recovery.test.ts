import { describe, expect, it } from "vitest";
import { APP } from "../../testing/pusher.js";
import { pidOf, whereabouts } from "./recovery.js";

const NAMESPACE = "/ch/chat";
const PID = pidOf(APP, NAMESPACE, "1.2", "epoch:7");

describe("where a client was", () => {
  it("is where it began, when it received nothing", () => {
    expect(whereabouts(APP, NAMESPACE, PID, undefined)).toEqual({
      sessionId: "1.2",
      position: { epoch: "epoch", offset: 7 },
    });
  });

  it.each([
    ["epoch:9", { epoch: "epoch", offset: 9 }],
    ["another:1", { epoch: "another", offset: 1 }],
    ["epoch:3", { epoch: "epoch", offset: 7 }],
  ])("is the last serial it received, and not before where it began: %s", (offset, position) => {
    expect(whereabouts(APP, NAMESPACE, PID, offset)?.position).toEqual(position);
  });

  it.each<[string, unknown, unknown]>([
    ["nothing", undefined, undefined],
    ["a number", 7, undefined],
    ["no pid of ours", "pid", "epoch:9"],
    ["another's session", PID.replace("1.2", "1.3"), undefined],
    ["another serial", PID.replace("epoch:7", "epoch:1"), undefined],
    ["another signature", PID.replace(/~.{22}~/, `~${"A".repeat(22)}~`), undefined],
    ["no signature", "1.2~~epoch:7", undefined],
    ["an offset that is no serial", PID, "offset"],
    ["an offset that is an object", PID, {}],
    ["an offset beyond numbers", PID, `epoch:${"9".repeat(20)}`],
  ])("is unknown by %s", (_, pid, offset) => {
    expect(whereabouts(APP, NAMESPACE, pid, offset)).toBeNull();
  });

  it("is not what another app, or another namespace, was told", () => {
    expect(whereabouts({ ...APP, id: "2" }, NAMESPACE, PID, undefined)).toBeNull();
    expect(whereabouts({ ...APP, secret: "other" }, NAMESPACE, PID, undefined)).toBeNull();
    expect(whereabouts(APP, "/ch/private-chat", PID, undefined)).toBeNull();
  });
});
