import { RealtimeError } from "../../core/errors.js";
import type { Amendment, Change, Message, Payload } from "../../core/event.js";

/** A message as a change makes it, before it is stamped. @throws RealtimeError `bad-request` */
export function amended(
  current: Message | Amendment,
  { action, name, client, origin, except, note, ...content }: Change,
): Omit<Amendment, "id" | "position" | "timestamp" | "original"> {
  const isAppend = action === "append";
  const { data, encoding } = content.data === null || isAppend ? current : content;
  return {
    kind: "amendment",
    action,
    name: name ?? current.name,
    data: isAppend ? joined(data, content.data) : data,
    encoding,
    extras: content.extras ?? current.extras,
    appended: isAppend ? content : null,
    client,
    origin,
    except,
    note,
  };
}

function joined(before: Payload | null, after: Payload | null): Payload | null {
  if (before === null || after === null) return before ?? after;
  if (before.type === "text" && after.type === "text") return { type: "text", text: before.text + after.text };
  if (before.type === "binary" && after.type === "binary") {
    const bytes = new Uint8Array(before.bytes.length + after.bytes.length);
    bytes.set(before.bytes);
    bytes.set(after.bytes, before.bytes.length);
    return { type: "binary", bytes };
  }
  throw new RealtimeError(
    "bad-request",
    `The message is ${before.type}, and what is appended is ${after.type}.`,
    "Append text to text, or bytes to bytes.",
  );
}
