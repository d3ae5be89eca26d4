import type { Config } from "../server/config.js";
import { isDevelopmentApp } from "../server/config.js";
import type { Address } from "../server/server.js";

const PAGE_SDK = "https://cdn.jsdelivr.net/npm/pusher-js@8.6.0/dist/web/pusher.min.js";

/** What a person who starts the server needs: where it is, and two snippets that show a message arrive. */
export function banner({ apps, tls, pathPrefix, adminHost }: Config, { host, port, adminPort }: Address): string {
  const [app] = apps;
  if (app === undefined) return "";
  const reachable = hostInUrl(host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host);
  const scheme = tls === null ? "http" : "https";
  const isShown = isDevelopmentApp(app);
  const lines = [
    "",
    `  Polywire is at ${scheme}://${reachable}:${port}${pathPrefix}`,
    ...(adminPort === null ? [] : [`  Metrics are at http://${hostInUrl(adminHost)}:${adminPort}/metrics`]),
    ...(isShown ? ["  The app is the development app; only this machine can reach it."] : []),
    "",
    "  1. In a page (save as index.html, open it):",
    "",
    `<script src="${PAGE_SDK}"></script>`,
    "<script>",
    `  const pusher = new Pusher("${app.key}", {`,
    `    cluster: "local", wsHost: "${reachable}", wsPort: ${port}, wssPort: ${port}, wsPath: "${pathPrefix}",`,
    `    forceTLS: ${tls !== null}, enabledTransports: ["ws", "wss"],`,
    "  });",
    '  pusher.subscribe("news").bind("hello", (data) => document.body.append(data.text));',
    "</script>",
    "",
    "  2. On a server (npm install pusher; save as send.mjs; node send.mjs):",
    "",
    'import Pusher from "pusher";',
    "const pusher = new Pusher({",
    `  appId: "${app.id}", key: "${app.key}", secret: ${isShown ? `"${app.secret}"` : "process.env.PUSHER_SECRET"},`,
    `  host: "${reachable}", port: "${port}", useTLS: ${tls !== null},`,
    "});",
    'await pusher.trigger("news", "hello", { text: "It works. " });',
    "",
    "",
  ];
  return lines.join("\n");
}

const hostInUrl = (host: string): string => (host.includes(":") ? `[${host}]` : host);
