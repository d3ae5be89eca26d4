import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";

/** Where Chromium is, as scripts/test.mjs found it. */
const executablePath = process.env.CHROME_BIN;

/** Flags without which Chromium looks for hosts outside. */
const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["packages/*/src/**/*.test.ts"],
        },
      },
      {
        test: {
          name: "react",
          include: ["packages/react/src/**/*.test.tsx"],
          environment: "happy-dom",
          environmentOptions: { happyDOM: { settings: { fetch: { disableSameOriginPolicy: true } } } },
          globalSetup: ["conformance/support/global-setup.ts"],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: "conformance",
          include: ["conformance/**/*.test.ts"],
          globalSetup: ["conformance/support/global-setup.ts"],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: "chromium",
          include: ["conformance/pusher-js/*.test.ts", "conformance/laravel-echo/*.test.ts"],
          globalSetup: ["conformance/support/global-setup.ts"],
          testTimeout: 20_000,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: { args, ...(executablePath && { executablePath }) } }),
            instances: [{ browser: "chromium" }],
          },
        },
      },
    ],
  },
});
