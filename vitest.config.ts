import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";
import { BROWSER_COMMANDS } from "./conformance/support/browser-commands.js";
import { CHROMIUM } from "./conformance/support/chromium.js";

/** The folder of a package of React 18.3, which conformance has beside the 19 of packages/react. */
const react18 = (name: string) =>
  dirname(createRequire(`${import.meta.dirname}/conformance/`).resolve(`${name}/package.json`));

const inHappyDom = {
  include: ["packages/react/src/**/*.test.tsx"],
  exclude: ["**/*.browser.test.tsx"],
  environment: "happy-dom",
  environmentOptions: { happyDOM: { settings: { fetch: { disableSameOriginPolicy: true } } } },
  globalSetup: ["conformance/support/global-setup.ts"],
  testTimeout: 20_000,
};

const inChromium = () => ({
  enabled: true,
  headless: true,
  screenshotFailures: false,
  provider: playwright({ launchOptions: CHROMIUM }),
  instances: [{ browser: "chromium" as const }],
  commands: BROWSER_COMMANDS,
});

export default defineConfig({
  test: {
    // Most tests wait for a server, and leave the core that Vitest would spare with little to do.
    maxWorkers: availableParallelism(),
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
          provide: { react: "19" },
          ...inHappyDom,
        },
      },
      {
        // The oldest React that the hooks are for, under everything that imports React.
        resolve: {
          alias: {
            react: react18("react"),
            "react-dom": react18("react-dom"),
            "@testing-library/react": `${import.meta.dirname}/node_modules/@testing-library/react/dist/@testing-library/react.esm.js`,
          },
        },
        test: {
          name: "react-18",
          provide: { react: "18" },
          ...inHappyDom,
          server: { deps: { inline: ["@testing-library/react"] } },
        },
      },
      {
        test: {
          name: "conformance",
          include: ["conformance/**/*.test.ts"],
          exclude: ["conformance/{ably,rooms}-browser/*.test.ts"],
          globalSetup: ["conformance/support/global-setup.ts"],
          testTimeout: 20_000,
          expect: { poll: { timeout: 6000 } },
        },
      },
      {
        test: {
          name: "chromium",
          include: [
            "pusher-js",
            "ably",
            "ably-browser",
            "laravel-echo",
            "socket.io-client",
            "rooms",
            "rooms-browser",
            "across",
          ].map((client) => `conformance/${client}/*.test.ts`),
          globalSetup: ["conformance/support/global-setup.ts"],
          testTimeout: 20_000,
          browser: inChromium(),
        },
      },
      {
        test: {
          name: "react-chromium",
          provide: { react: "19" },
          include: ["packages/react/src/**/*.test.tsx"],
          // Of a server, and of variables that a bundler fills in.
          exclude: ["packages/react/src/{server-rendering,default-client}.test.tsx"],
          globalSetup: ["conformance/support/global-setup.ts"],
          testTimeout: 20_000,
          browser: inChromium(),
        },
      },
    ],
  },
});
