import type { Publisher, Subscriber } from "./client.js";

/** What is published, by what the table calls it. */
export const VALUES = {
  object: { text: "hi", nested: { list: [1, null, true], empty: {} } },
  list: [1, "two", [3]],
  text: "plain text",
  "empty text": "",
  "text that is JSON": '{"is":"text"}',
  number: -12.5,
  boolean: false,
  null: null,
  unicode: 'Zoë 🎉 עברית \u2028 \u0000 "\\ é e\u0301',
  "10,240 bytes": "x".repeat(10_240),
  binary: Buffer.from("bytes \u0000 é"),
} as const;

export type ValueName = keyof typeof VALUES;
export const VALUE_NAMES = Object.keys(VALUES) as readonly ValueName[];

/** Something that does not arrive as it was published. */
interface Conversion {
  readonly value: ValueName;
  readonly from: (publisher: Publisher) => boolean;
  readonly to: (subscriber: Subscriber) => boolean;
  readonly becomes: unknown;
  readonly note: string;
}

const BASE64 = VALUES.binary.toString("base64");
const PARSED: unknown = JSON.parse(VALUES["text that is JSON"]);

const hasBinary = ({ protocol }: Publisher | Subscriber): boolean => protocol === "socket.io" || protocol === "ably";

const CONVERSIONS: readonly Conversion[] = [
  {
    value: "binary",
    from: hasBinary,
    to: (subscriber) => !hasBinary(subscriber),
    becomes: BASE64,
    note: "base64 text to Pusher's and rooms' clients, whose protocols have no binary",
  },
  {
    value: "null",
    from: ({ protocol }) => protocol === "ably",
    to: ({ protocol }) => protocol === "pusher" || protocol === "ably",
    becomes: undefined,
    note: "no data, to Pusher's and Ably's clients, if an Ably client published it: its SDK sends none",
  },
  {
    value: "text that is JSON",
    from: ({ protocol, keeps }) => protocol === "pusher" && keeps,
    to: () => true,
    becomes: PARSED,
    note: "what it says, if it came by Pusher's HTTP API, where all data is text",
  },
  {
    value: "text that is JSON",
    from: () => true,
    to: ({ protocol }) => protocol === "pusher",
    becomes: PARSED,
    note: "what it says, to Pusher's clients: pusher-js parses what can be parsed",
  },
];

/** Why it cannot be published; null: it can. */
export function unpublishable(value: ValueName, publisher: Publisher): string | null {
  if (value === "binary" && !hasBinary(publisher)) return "only Socket.IO's and Ably's clients can say it";
  const isScalar = value === "number" || value === "boolean";
  return isScalar && publisher.protocol === "ably" ? "Ably's SDK takes objects, lists, text, bytes and null" : null;
}

/** What arrives of a value. */
export function received(value: ValueName, publisher: Publisher, subscriber: Subscriber): unknown {
  const found = CONVERSIONS.find(({ value: v, from, to }) => v === value && from(publisher) && to(subscriber));
  return found === undefined ? VALUES[value] : found.becomes;
}

/** What the table says of a value. */
export const notes = (value: ValueName): readonly string[] => [
  ...(value === "binary" ? ["only Socket.IO's and Ably's clients can publish it"] : []),
  ...CONVERSIONS.filter((conversion) => conversion.value === value).map(({ note }) => note),
];
