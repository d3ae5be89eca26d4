import type { TestProject } from "vitest/node";
import { APPS } from "./apps.js";
import { startBackend } from "./backend.js";
import "./context.js";
import { startServer } from "./server.js";

/** Starts the server under test and the application's backend, and answers how to stop them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startServer({ drainSeconds: 0, apps: Object.values(APPS).map((app) => structuredClone(app)) });
  const backend = await startBackend(server.port);
  project.provide("ports", { server: server.port, backend: backend.port });
  return async () => {
    await Promise.all([backend.stop(), server.stop()]);
  };
}
