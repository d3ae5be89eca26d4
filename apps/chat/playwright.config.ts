import { defineConfig } from "@playwright/test";
import type { WorkerFixtures } from "./e2e/support/test";

/** The browser tests. Each worker has a database, a Polywire and a chat of its own: see e2e/support/stage.ts. */
export default defineConfig<object, WorkerFixtures>({
  testDir: "e2e",
  globalSetup: "./e2e/support/global-setup.ts",
  outputDir: "test-results",
  fullyParallel: true,
  forbidOnly: true,
  workers: 2,
  // A machine that does much else at once may be late once; what fails three times is broken. Playwright reports it as flaky.
  retries: 2,
  timeout: 30_000,
  expect: { timeout: 10_000 },
  reporter: "list",
  use: { actionTimeout: 10_000, trace: "off", screenshot: "only-on-failure" },
  projects: [
    { name: "pusher", use: { realtime: "pusher" } },
    // What comes by the ably SDK when the chat is built so.
    {
      name: "ably",
      use: { realtime: "ably" },
      testMatch: /(dashboard|unread)\.test\.ts/,
      grep: /dashboard|notification/,
    },
  ],
});
