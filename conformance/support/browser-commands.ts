import Pusher from "pusher";
import type { BrowserCommand } from "vitest/node";
import { APPS } from "./apps.js";
import { HOST } from "./context.js";
import { type ServerProcess, startServer } from "./server.js";

const servers = new Map<number, ServerProcess>();

/** Starts a server of the test's own; answers its port, which is a free one if 0 was asked for. */
const startOwnServer: BrowserCommand<[port: number]> = async (_context, port) => {
  const server = await startServer({ port, drainSeconds: 0, apps: [{ ...APPS.main }] });
  servers.set(server.port, server);
  return server.port;
};

/** As a crash: nothing is said to its clients. */
const killOwnServer: BrowserCommand<[port: number]> = async (_context, port) => {
  await servers.get(port)?.stop("SIGKILL");
  servers.delete(port);
};

/** Publishes on the test's own server. */
const publishOnOwnServer: BrowserCommand<[port: number, channel: string, event: string, data: unknown]> = async (
  _context,
  port,
  ...event
) => {
  const { id: appId, key, secret } = APPS.main;
  const pusher = new Pusher({ appId, key, secret, host: HOST, port: String(port), useTLS: false });
  await pusher.trigger(...event);
};

/** What a test in a browser has its Node side do. */
export const BROWSER_COMMANDS = {
  startOwnServer,
  killOwnServer,
  publishOnOwnServer,
};

declare module "vitest/browser" {
  interface BrowserCommands {
    startOwnServer(port: number): Promise<number>;
    killOwnServer(port: number): Promise<void>;
    publishOnOwnServer(port: number, channel: string, event: string, data: unknown): Promise<void>;
  }
}
