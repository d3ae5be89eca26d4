import { describe } from "../../core/describe.js";
import { AblyError, type ErrorInfo } from "./errors.js";

/** Actions of a ProtocolMessage (Ably features specification, TR2). */
export const Action = {
  heartbeat: 0,
  ack: 1,
  nack: 2,
  connected: 4,
  disconnect: 5,
  disconnected: 6,
  close: 7,
  closed: 8,
  error: 9,
  attach: 10,
  attached: 11,
  detach: 12,
  detached: 13,
  presence: 14,
  message: 15,
  sync: 16,
  auth: 17,
  object: 19,
  annotation: 21,
} as const;

/** Bits of `flags` (TR3) that are not modes. */
export const Flag = { hasPresence: 1, hasBacklog: 2, resumed: 4, attachResume: 32 } as const;

/** Bits of `flags` (TR3) that say what an attachment is for. */
export const Mode = {
  presence: 1 << 16,
  publish: 1 << 17,
  subscribe: 1 << 18,
  presence_subscribe: 1 << 19,
  annotation_publish: 1 << 21,
  annotation_subscribe: 1 << 22,
} as const;

export type ModeName = keyof typeof Mode;
export const MODES = Object.keys(Mode) as readonly ModeName[];

/** Actions of a message (TM5). */
export const MessageAction = { create: 0, update: 1, delete: 2, meta: 3, summary: 4, append: 5 } as const;

/** Actions of a presence message (TP2). */
export const PresenceAction = { absent: 0, present: 1, enter: 2, leave: 3, update: 4 } as const;

/** A message on its way to a client (TM2). */
export interface WireMessage {
  readonly id: string;
  readonly name?: string;
  readonly data?: string | Uint8Array;
  readonly encoding?: string;
  readonly extras?: object;
  readonly clientId?: string;
  readonly connectionId?: string;
  readonly timestamp: number;
  readonly serial?: string;
  readonly annotations?: { readonly summary: object };
  readonly version?: { readonly serial?: string; readonly timestamp: number };
  readonly action: number;
}

/** An annotation on its way to a client (TAN2). */
export interface WireAnnotation {
  readonly id: string;
  readonly action: number;
  readonly serial?: string;
  readonly messageSerial?: string;
  readonly type: string;
  readonly name?: string;
  readonly count?: number;
  readonly data?: string | Uint8Array;
  readonly encoding?: string;
  readonly extras?: object;
  readonly clientId?: string;
  readonly connectionId?: string;
  readonly timestamp: number;
}

/** A presence message on its way to a client (TP3). */
export interface WirePresence {
  readonly id: string;
  readonly action: number;
  readonly clientId: string;
  readonly connectionId: string;
  readonly data?: string | Uint8Array;
  readonly encoding?: string;
  readonly extras?: object;
  readonly timestamp: number;
}

/** What a connection may do and must know (CD2); sizes in bytes, times in milliseconds. */
export interface ConnectionDetails {
  readonly connectionKey: string;
  readonly clientId?: string;
  readonly connectionStateTtl: number;
  readonly maxIdleInterval: number;
  readonly maxMessageSize: number;
  /** Protocol messages a second. */
  readonly maxInboundRate: number;
  readonly maxFrameSize: number;
  readonly serverId: string;
  readonly siteCode: string;
}

/** What the server did with one ProtocolMessage. */
export interface PublishResult {
  readonly serials: readonly (string | null)[];
}

/** A ProtocolMessage to a client. */
export interface ProtocolMessage {
  readonly action: number;
  readonly id?: string;
  readonly channel?: string;
  readonly channelSerial?: string;
  readonly connectionId?: string;
  readonly connectionDetails?: ConnectionDetails;
  readonly timestamp?: number;
  readonly flags?: number;
  readonly params?: Readonly<Record<string, string>>;
  readonly msgSerial?: number;
  readonly count?: number;
  readonly res?: readonly PublishResult[];
  readonly error?: ErrorInfo;
  readonly messages?: readonly WireMessage[];
  readonly presence?: readonly WirePresence[];
  readonly annotations?: readonly WireAnnotation[];
}

/** Something of a message or presence message as a client sent it, before it is known to be right. */
export type Raw = Readonly<Record<string, unknown>>;

export type AttachCommand = Extract<Command, { type: "attach" }>;
export type PublishCommand = Extract<Command, { type: "publish" }>;
export type AnnotateCommand = Extract<Command, { type: "annotate" }>;
export type PresenceCommand = Extract<Command, { type: "presence" }>;

/** What a client may ask for. */
export type Command =
  | { readonly type: "heartbeat"; readonly id: string | null }
  | { readonly type: "close" }
  | { readonly type: "disconnect" }
  | { readonly type: "auth"; readonly accessToken: string }
  | {
      readonly type: "attach";
      readonly channel: string;
      readonly channelSerial: string | null;
      readonly params: Readonly<Record<string, string>>;
      readonly flags: number;
    }
  | { readonly type: "detach"; readonly channel: string }
  | { readonly type: "sync"; readonly channel: string }
  | {
      readonly type: "publish";
      readonly channel: string;
      readonly msgSerial: number;
      readonly messages: readonly Raw[];
    }
  | {
      readonly type: "presence";
      readonly channel: string;
      readonly msgSerial: number;
      readonly presence: readonly Raw[];
    }
  | {
      readonly type: "annotate";
      readonly channel: string;
      readonly msgSerial: number;
      readonly annotations: readonly Raw[];
    }
  /** Something that is numbered like what is published, and that this server does not do. */
  | { readonly type: "unsupported"; readonly what: string; readonly msgSerial: number }
  | { readonly type: "ignored" };

/** @throws AblyError 40001 */
export function rawOf(value: unknown): Raw {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Raw;
  throw new AblyError(40001, `An object was expected, not ${describe(value)}.`);
}
