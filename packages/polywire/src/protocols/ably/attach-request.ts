import { describe } from "../../core/describe.js";
import { allows, type Capability, type Operation } from "./capability.js";
import { AblyError } from "./errors.js";
import type { QualifiedName } from "./names.js";
import { metricNames } from "./occupancy.js";
import { type AttachCommand, Flag, MODES, Mode, type ModeName } from "./wire.js";

/** How far back an attachment begins. */
export type Rewind = { readonly messages: number } | { readonly ms: number };

/** What a client wants of an attachment. */
export interface AttachRequest {
  /** Bits of {@link Mode}. */
  readonly modes: number;
  readonly rewind: Rewind | null;
  /** Whether messages may come as what has changed since the one before. */
  readonly isDelta: boolean;
  /** The metrics that the client wants to be told of; none: it wants no occupancy. */
  readonly metrics: readonly string[];
  /** The parameters that are known, as they came. */
  readonly params: Readonly<Record<string, string>>;
  /** Where the client was; null: it begins. */
  readonly channelSerial: string | null;
}

const DEFAULT_MODES = Mode.presence | Mode.publish | Mode.subscribe | Mode.presence_subscribe | Mode.annotation_publish;
const KNOWN_PARAMS = ["rewind", "modes", "delta", "occupancy"];
const MAX_REWIND = 100;
/** Of the value of a parameter. */
const MAX_LENGTH = 1000;
const REWIND = /^(\d{1,9})(s|m)?$/;

/** @throws AblyError 40003 for a parameter that makes no sense */
export function attachRequest({ params, flags, channelSerial }: AttachCommand, name: QualifiedName): AttachRequest {
  const given = { ...params, ...name.params };
  const known = Object.fromEntries(Object.entries(given).filter(([param]) => KNOWN_PARAMS.includes(param)));
  for (const [param, value] of Object.entries(known)) checkLength(param, value);
  // A serial that cannot be gone on from leaves the rewind.
  const isResume = channelSerial === null && (flags & Flag.attachResume) !== 0;
  const rewind = given.rewind === undefined ? null : parseRewind(given.rewind);
  return {
    modes: parseModes(given.modes) || modesOf(flags) || DEFAULT_MODES,
    rewind: isResume ? null : rewind,
    isDelta: given.delta === "vcdiff",
    metrics: given.occupancy === undefined ? [] : metricNames(given.occupancy),
    params: known,
    channelSerial,
  };
}

function checkLength(param: string, { length }: string): void {
  if (length <= MAX_LENGTH) return;
  throw new AblyError(40003, `${param} has ${length} characters; the limit is ${MAX_LENGTH}.`);
}

/** What the credentials allow of the modes that were asked for. */
export function grantedModes(modes: number, capability: Capability, channel: string): number {
  let granted = 0;
  for (const mode of MODES) if (allows(capability, NEEDS[mode], channel)) granted |= Mode[mode];
  return modes & granted;
}

const NEEDS: Readonly<Record<ModeName, Operation>> = {
  presence: "presence",
  publish: "publish",
  subscribe: "subscribe",
  presence_subscribe: "subscribe",
  annotation_publish: "annotation-publish",
  annotation_subscribe: "annotation-subscribe",
};

const modesOf = (flags: number): number => MODES.reduce((modes, mode) => modes | (flags & Mode[mode]), 0);

function parseModes(text: string | undefined): number {
  let modes = 0;
  for (const part of (text ?? "").split(",")) {
    const name = part.trim().toLowerCase();
    if (name in Mode) modes |= Mode[name as ModeName];
  }
  return modes;
}

function parseRewind(text: string): Rewind | null {
  const [, digits, unit] = REWIND.exec(text) ?? [];
  if (digits === undefined) {
    throw new AblyError(40003, `rewind is ${describe(text)}.`, "Expected a number of messages, or 15s or 2m.");
  }
  const count = Number(digits);
  if (count === 0) return null;
  if (unit === undefined) return { messages: Math.min(count, MAX_REWIND) };
  return { ms: count * (unit === "m" ? 60_000 : 1000) };
}
