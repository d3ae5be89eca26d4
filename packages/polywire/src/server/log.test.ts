import { expect, it } from "vitest";
import { createLog } from "./log.js";

it("writes JSON lines, and no secret wherever it stands", () => {
  let written = "";
  const write = (line: string) => {
    written += line;
  };
  const log = createLog("info", { write });
  log.info({ app: { id: "1", secret: "canary" }, auth: "canary", query: { auth_signature: "canary" } }, "hello");
  log.debug("not asked for");
  expect(JSON.parse(written)).toMatchObject({ msg: "hello", app: { id: "1", secret: "[redacted]" } });
  expect(written).not.toContain("canary");
  expect(written.trim().split("\n")).toHaveLength(1);
});
