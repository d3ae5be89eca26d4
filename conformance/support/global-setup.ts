import type { TestProject } from "vitest/node";
import { APPS } from "./apps.js";
import { startBackend } from "./backend.js";
import { HOST } from "./context.js";
import { startServer } from "./server.js";

/** Starts the server under test and the application's backend, and answers how to stop them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const backend = await startBackend();
  const authEndpoint = `http://${HOST}:${backend.port}/broadcasting/auth`;
  const apps = Object.values(APPS).map((app) => ({ ...structuredClone(app), authEndpoint }));
  const server = await startServer({ drainSeconds: 0, authorizationTimeout: 2, apps });
  backend.use(server.port);
  project.provide("ports", { server: server.port, backend: backend.port });
  return async () => {
    await Promise.all([backend.stop(), server.stop()]);
  };
}
