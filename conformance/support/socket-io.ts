import { io, type ManagerOptions, type Socket, type SocketOptions } from "socket.io-client";
import { inject, onTestFinished } from "vitest";
import { APPS } from "./apps.js";
import { HOST } from "./context.js";
import { Inbox } from "./inbox.js";

export type IoOptions = Partial<ManagerOptions & SocketOptions>;

/** What every acknowledgement holds. */
export interface Acknowledgement {
  readonly ok: boolean;
  readonly serial?: string;
  readonly id?: string;
  readonly recovered?: boolean;
  readonly gap?: string;
  readonly members?: readonly unknown[];
  readonly messages?: readonly { readonly event: string; readonly data: unknown }[];
  readonly error?: { readonly code: string; readonly status: number; readonly message: string };
}

/** Why a connection to a namespace was refused. */
export interface ConnectError extends Error {
  readonly data?: { readonly code: string; readonly status: number };
}

export const serverUrl = (): string => `http://${HOST}:${inject("ports").server}`;

/** A client of the app `main`, as its documentation makes one, disconnected when the test ends. */
export function openSocket(namespace = "", options: IoOptions = {}, url = serverUrl()): Socket {
  const socket = io(`${url}${namespace}`, {
    forceNew: true,
    reconnectionDelay: 50,
    reconnectionDelayMax: 100,
    ...options,
    auth: typeof options.auth === "function" ? options.auth : { key: APPS.main.key, ...options.auth },
  });
  onTestFinished(() => {
    socket.disconnect();
  });
  return socket;
}

/** Resolves when it is connected, however often it was before. */
export function connectedSocket(socket: Socket): Promise<Socket> {
  return new Promise((resolve, reject) => {
    socket.once("connect", () => resolve(socket));
    socket.once("connect_error", reject);
  });
}

/** A client that is connected. */
export const connectSocket = (namespace = "", options: IoOptions = {}, url = serverUrl()): Promise<Socket> =>
  connectedSocket(openSocket(namespace, options, url));

/** Why the server refuses. Rejects when it does not. */
export function refusedSocket(namespace: string, options: IoOptions = {}): Promise<ConnectError> {
  const socket = openSocket(namespace, options);
  return new Promise((resolve, reject) => {
    socket.once("connect_error", resolve);
    socket.once("connect", () => reject(new Error(`${namespace} was connected to.`)));
  });
}

export const ask = (socket: Socket, command: string, fields: object): Promise<Acknowledgement> =>
  socket.timeout(5000).emitWithAck(command, fields);

/** The arguments of each `event` from now on. */
export function eventsOf(socket: Socket, event: string): Inbox<unknown[]> {
  const inbox = new Inbox<unknown[]>(`"${event}"`);
  socket.on(event, (...args: unknown[]) => inbox.add(args));
  return inbox;
}

/** Cuts the connection without a word, as a network does. */
export function cut({ io: manager }: Socket): void {
  const { transport } = manager.engine as unknown as {
    transport: { ws?: { close(): void; terminate?(): void }; onClose(): void };
  };
  transport.ws?.terminate?.();
  transport.onClose();
}
