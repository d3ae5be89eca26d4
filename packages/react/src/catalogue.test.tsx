import { cleanup } from "@testing-library/react";
import { version } from "react";
import { afterEach, describe, expect, inject, test, vi } from "vitest";
import "../../../conformance/support/context.js";
import { requires } from "./testing/case.js";
import { CLIENT_CASES } from "./testing/cases-clients.js";
import { EVENT_CASES } from "./testing/cases-events.js";
import { MESSAGE_CASES } from "./testing/cases-messages.js";
import { PRESENCE_CASES } from "./testing/cases-presence.js";
import { SUBSCRIPTION_CASES } from "./testing/cases-subscriptions.js";
import { ABLY } from "./testing/sdk-ably.js";
import { PUSHER } from "./testing/sdk-pusher.js";

const CASES = [...SUBSCRIPTION_CASES, ...EVENT_CASES, ...PRESENCE_CASES, ...MESSAGE_CASES, ...CLIENT_CASES];

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

test("this is the React that the project is for", () => {
  expect(version.split(".")[0]).toBe(inject("react"));
});

describe.each([PUSHER, ABLY])("over $name", (sdk) => {
  const cases = CASES.filter(({ only = sdk.name }) => only === sdk.name);

  describe.each(cases.map((entry) => ({ ...entry, numbers: entry.entries.join(", ") })))(
    "bug catalogue $numbers: $title",
    ({ observe, naive, needs, overAbly, ...expected }) => {
      const { right, wrong } = { ...expected, ...(sdk === ABLY && overAbly) };

      test("the naive hooks get it wrong", async (context) => {
        requires(needs, context);
        expect(await observe({ ...sdk.naive, ...naive?.(sdk.naive) }, sdk)).toEqual(wrong);
      });

      test("ours get it right", async (context) => {
        requires(needs, context);
        expect(await observe(sdk.ours, sdk)).toEqual(right);
      });
    },
  );
});
