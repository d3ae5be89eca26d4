import type { ChannelEvent, Position } from "../../core/event.js";

/** A position as clients see it, which they compare as text: a later one sorts after an earlier one. */
export type Serial = string;

const SERIAL = /^\d{14}-(\d{12})@([A-Za-z0-9_-]{1,64})$/;

/** @param timestamp milliseconds since 1970, so that serials of a later epoch sort after those of an earlier one */
export const serialOf = ({ epoch, offset }: Position, timestamp: number): Serial =>
  `${String(timestamp).padStart(14, "0")}-${String(offset).padStart(12, "0")}@${epoch}`;

export const eventSerial = ({ position, timestamp }: ChannelEvent): Serial | undefined =>
  position === null ? undefined : serialOf(position, timestamp);

/** Null for text that no server can have given. */
export function positionOf(serial: string): Position | null {
  const [, offset, epoch] = SERIAL.exec(serial) ?? [];
  return offset === undefined || epoch === undefined ? null : { epoch, offset: Number(offset) };
}
