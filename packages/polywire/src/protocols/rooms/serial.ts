import { describe } from "../../core/describe.js";
import { RealtimeError } from "../../core/errors.js";
import type { Position } from "../../core/event.js";

/** A position as clients see it: text to give back, not to look into. */
export type Serial = string;

const SERIAL = /^([A-Za-z0-9_-]{1,64}):(\d{1,15})$/;

export const serialOf = ({ epoch, offset }: Position): Serial => `${epoch}:${offset}`;

/** @throws RealtimeError `bad-request` for text that no server can have given */
export function positionOf(serial: string): Position {
  const [, epoch, offset] = SERIAL.exec(serial) ?? [];
  if (epoch !== undefined && offset !== undefined) return { epoch, offset: Number(offset) };
  throw new RealtimeError(
    "bad-request",
    `${describe(serial)} is not a serial.`,
    "Give back the serial of the last frame of that room, as it came.",
  );
}
