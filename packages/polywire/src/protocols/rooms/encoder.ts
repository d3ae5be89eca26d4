import { type Encoder, Frame } from "../../core/encoder.js";
import type { ChannelEvent } from "../../core/event.js";
import { isPusherEvent } from "../../core/policy.js";
import { serialOf } from "./serial.js";
import { eventText, PlacedFrame, payloadText } from "./wire.js";

/** Version 1: every field of the event. */
export const roomsEncoder: Encoder = {
  name: "rooms/1/json",
  encode(channel, event) {
    // There is no word for a message that changes, or is annotated.
    if (event.kind === "amendment" || event.kind === "annotation" || isForeign(event)) return null;
    // A member stays one as long as a connection of the user is there.
    if (event.kind === "presence" && event.action === "leave" && !event.edge) return null;
    const text = eventText(channel, event);
    return event.position === null ? Frame.of(text) : new PlacedFrame(text, serialOf(event.position));
  },
};

/** Bare mode: the data alone. */
export const bareEncoder: Encoder = {
  name: "rooms/bare/json",
  encode: (_channel, event) =>
    event.kind === "message" && !isForeign(event) ? Frame.of(payloadText(event.data)) : null,
};

/** What the server says to another protocol's clients. */
const isForeign = (event: ChannelEvent): boolean =>
  event.kind === "message" && event.name !== null && isPusherEvent(event.name);
