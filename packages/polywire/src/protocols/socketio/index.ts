import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { RealtimeError } from "../../core/errors.js";
import type { Protocol, ProtocolContext } from "../../core/protocol.js";
import { Turns } from "../../core/turns.js";
import { encoders } from "./encoder.js";
import { SocketIoMount } from "./mount.js";
import type { SocketIoOptions } from "./options.js";
import { loadParser } from "./parser.js";

/** A protocol that a library serves on a path of its own: Node's requests and upgrades are handed to it as they are. */
export interface SocketIo extends Protocol {
  readonly path: string;
  request(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** The clients that no WebSocket stands for. */
  polling(): Iterable<{ terminate(reason: RealtimeError): void }>;
  close(): void;
}

/** Socket.IO 4 (protocol 5 over Engine.IO 4) by the `socket.io` package, with Laravel Echo's contract on `/`. */
export function socketio(common: ProtocolContext, options: SocketIoOptions): SocketIo {
  let mount: SocketIoMount | null = null;
  const loading = load(common, options).then((loaded) => {
    mount = loaded;
    return loaded;
  });
  loading.catch(common.failed);
  const hand = (serve: (loaded: SocketIoMount) => void, refuse: () => void): void => {
    if (mount !== null) serve(mount);
    else loading.then(serve, refuse);
  };
  return {
    name: "socketio",
    endpoints: [],
    routes: [],
    path: "/socket.io/",
    request(request, response) {
      hand(
        ({ http }) => http.emit("request", request, response),
        () => response.writeHead(500).end(),
      );
    },
    upgrade(request, socket, head) {
      const ignore = () => {};
      socket.on("error", ignore);
      hand(
        ({ http }) => {
          socket.off("error", ignore);
          http.emit("upgrade", request, socket, head);
        },
        () => socket.destroy(),
      );
    },
    polling: () => mount?.polling() ?? [],
    close: () => mount?.close(),
  };
}

async function load(common: ProtocolContext, options: SocketIoOptions): Promise<SocketIoMount> {
  const { parser, pack } = await loadParser(options.parser);
  const context = {
    ...common,
    parser,
    encoders: encoders(options.parser, pack),
    turns: new Turns(),
    sessions: new Map(),
  };
  return SocketIoMount.load(context, options);
}
