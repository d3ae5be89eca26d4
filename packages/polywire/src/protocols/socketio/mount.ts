import { createServer, type Server as HttpServer } from "node:http";
import type { Server, Socket } from "socket.io";
import { type ErrorCode, RealtimeError } from "../../core/errors.js";
import { EngineConnection, type EngineSocket } from "./engine-connection.js";
import { wireError } from "./errors.js";
import { isChannelNamespace } from "./names.js";
import { channelEntrance, type Entrance, type Entry, forget, type Guest, rootEntrance } from "./namespaces.js";
import type { SocketIoOptions } from "./options.js";
import type { SocketIoContext } from "./session.js";
import { Visit } from "./visit.js";

type Middleware = (socket: Socket, next: (error?: Error) => void) => void;

/** Reasons that are none in a while. */
const PASSING: ReadonlySet<ErrorCode> = new Set(["unavailable", "internal", "throttled", "over-capacity"]);
/** `/ch/` and 255 bytes, percent-encoded. */
const MAX_NAMESPACE_LENGTH = 800;

/** The real socket.io server, on an HTTP server that never listens: it is handed the requests of its path. */
export class SocketIoMount {
  readonly #guests = new Map<object, Guest>();
  readonly #entries = new WeakMap<Socket, Entry>();

  private constructor(
    readonly http: HttpServer,
    private readonly io: Server,
    private readonly context: SocketIoContext,
    private readonly options: SocketIoOptions,
  ) {
    const entranceOptions = { ...options, context };
    io.engine.on("connection", (engine: EngineSocket) => this.#connect(engine));
    io.use(this.#guard(rootEntrance(entranceOptions)));
    io.on("connection", (socket) => this.#welcome(socket));
    const channels = io.of((name, _auth, next) => {
      next(null, isChannelNamespace(name) && name.length <= MAX_NAMESPACE_LENGTH);
    });
    channels.use(this.#guard(channelEntrance(entranceOptions)));
    channels.on("connection", (socket) => this.#welcome(socket));
  }

  static async load(context: SocketIoContext, options: SocketIoOptions): Promise<SocketIoMount> {
    const { Server } = await import("socket.io");
    const http = createServer();
    const io = new Server(http, {
      path: `${options.pathPrefix}/socket.io`,
      // Whose pages may connect is the app's to say, and the app is known when a client connects to a namespace.
      cors: { origin: true, credentials: true },
      maxHttpBufferSize: options.maxPayload,
      wsEngine: options.sockets.Server,
      perMessageDeflate: options.perMessageDeflate,
      cleanupEmptyChildNamespaces: true,
      destroyUpgrade: false,
      allowRequest(request, answer) {
        const reason = options.admission(request);
        answer(reason?.explanation, reason === null);
      },
      ...(context.parser !== null && { parser: context.parser }),
    });
    return new SocketIoMount(http, io, context, options);
  }

  /** The clients that no WebSocket stands for. */
  *polling(): Iterable<EngineConnection> {
    for (const { connection } of this.#guests.values()) if (connection.isPolling) yield connection;
  }

  close(): void {
    this.io.engine.close();
  }

  #connect(engine: EngineSocket): void {
    const { sockets, bufferBytes, opened } = this.options;
    const { runtime, hub, parser } = this.context;
    const visit = new Visit(hub, runtime, () => connection.terminate(inactive()));
    const gone = opened(engine.request);
    const options = {
      ...sockets,
      bufferBytes,
      runtime,
      isDefaultParser: parser === null,
      limits: () => visit.limits,
      ended: (reason: RealtimeError) => this.context.refused(null, reason),
    };
    const connection: EngineConnection = new EngineConnection(engine, options, () => {
      gone();
      this.#guests.delete(engine);
      visit.close();
    });
    this.#guests.set(engine, { connection, visit });
  }

  /** Lets a socket in, or says by `connect_error` why not. One that connects twice at a time is answered once. */
  #guard(entrance: Entrance): Middleware {
    return (socket, next) => {
      const guest = this.#guests.get(socket.conn);
      const namespace = socket.nsp.name;
      if (guest === undefined || !guest.visit.claim(namespace)) {
        forget(socket);
        return;
      }
      entrance(socket, guest).then(
        (entry) => {
          this.#entries.set(socket, entry);
          next();
        },
        (error) => {
          guest.visit.leave(namespace);
          next(this.#refuse(guest, RealtimeError.from(error)));
        },
      );
    };
  }

  #refuse({ connection }: Guest, reason: RealtimeError): Error {
    this.context.refused(null, reason);
    // After a connect_error clients do not try again; to a transport that closed they come back.
    if (PASSING.has(reason.code)) connection.terminate(reason);
    return Object.assign(new Error(reason.explanation), { data: wireError(reason) });
  }

  #welcome(socket: Socket): void {
    const entry = this.#entries.get(socket);
    const visit = this.#guests.get(socket.conn)?.visit;
    if (entry === undefined || visit === undefined) return;
    socket.on("disconnect", () => visit.leave(socket.nsp.name));
    socket.onAny((event, ...args) => void entry.commands.receive(event, args));
    entry.greet();
  }
}

const inactive = (): RealtimeError => new RealtimeError("inactive", "The client has left every namespace.");
