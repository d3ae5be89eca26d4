import { isEncrypted, SPELLINGS, type Spelling, ungrammatical } from "./channels.js";
import type { Protocol, Publisher, Subscriber } from "./client.js";
import { ENTRANTS } from "./entrants.js";
import { ALL_NAMES, unspeakable, untold } from "./names.js";
import { HEARERS, PAIRS, PUBLISHERS, SUBSCRIBERS } from "./table.js";
import { notes, unpublishable, VALUE_NAMES } from "./values.js";

const PROTOCOLS: readonly Protocol[] = ["pusher", "rooms", "socket.io", "ably"];
const TITLES: Readonly<Record<Protocol, string>> = {
  pusher: "Pusher",
  rooms: "rooms",
  "socket.io": "Socket.IO",
  ably: "Ably",
};

/** Numbered in the order in which they are first needed. */
class Notes {
  readonly #numbers = new Map<string, number>();

  /** A cell that holds, or the number of why not. */
  cell(reason: string | null): string {
    if (reason === null) return "yes";
    const number = this.#numbers.get(reason) ?? this.#numbers.size + 1;
    this.#numbers.set(reason, number);
    return `(${number})`;
  }

  get lines(): string {
    return [...this.#numbers].map(([reason, number]) => `(${number}) ${reason}.`).join("  \n");
  }
}

const row = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;

function grid(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [row(head), `|${"---|".repeat(head.length)}`, ...rows.map(row)].join("\n");
}

function pairs(): string {
  const why = new Notes();
  const cell = (publisher: Publisher, subscriber: Subscriber) =>
    why.cell(PAIRS.find((pair) => pair.publisher === publisher && pair.subscriber === subscriber)?.gap ?? null);
  const rows = PUBLISHERS.map((publisher) => [
    publisher.title,
    ...SUBSCRIBERS.map((subscriber) => cell(publisher, subscriber)),
  ]);
  return `${grid(["published by ↓, received by →", ...SUBSCRIBERS.map(({ title }) => title)], rows)}\n\n${why.lines}`;
}

function values(): string {
  const why = new Notes();
  const rows = VALUE_NAMES.map((value) => [
    value,
    ...PROTOCOLS.map((protocol) => {
      const publishers = PUBLISHERS.filter((publisher) => publisher.protocol === protocol);
      const [reason = null] = publishers
        .map((publisher) => unpublishable(value, publisher))
        .filter((one) => one !== null);
      return why.cell(reason);
    }),
    notes(value).length === 0 ? "as it was" : `as it was, but: ${notes(value).join("; ")}`,
  ]);
  const head = ["data", ...PROTOCOLS.map((protocol) => `published by ${TITLES[protocol]}`), "arrives"];
  return `${grid(head, rows)}\n\n${why.lines}`;
}

function names(): string {
  const why = new Notes();
  const told = (name: string | null, subscriber: Subscriber) =>
    subscriber.hasNames ? untold(name, subscriber) : "bare mode tells no names: the data arrives alone";
  const shown = (name: string | null) =>
    name === null
      ? "none"
      : `\`${name.length > 50 ? `${name.slice(0, 3)}…` : name}\`${name.length > 50 ? `, ${name.length} characters` : ""}`;
  const rows = ALL_NAMES.map((name) => [
    shown(name),
    ...PUBLISHERS.map((publisher) => why.cell(unspeakable(name, publisher))),
    ...PROTOCOLS.map((protocol) => {
      const subscriber = SUBSCRIBERS.find((one) => one.protocol === protocol && one.hasNames);
      return why.cell(subscriber === undefined ? null : told(name, subscriber));
    }),
    why.cell(told(name, SUBSCRIBERS.find(({ hasNames }) => !hasNames) as Subscriber)),
  ]);
  const head = [
    "name",
    ...PUBLISHERS.map(({ title }) => title),
    ...PROTOCOLS.map((protocol) => `told to ${TITLES[protocol]}`),
    "told to bare",
  ];
  return `${grid(head, rows)}\n\n${why.lines}`;
}

const ACCESS: Readonly<Record<Spelling["access"], string>> = {
  open: "everybody's",
  granted: "refused without a grant",
  reserved: "nobody's",
};

function channels(): string {
  const why = new Notes();
  const rows = SPELLINGS.map((spelling) => [
    `\`${spelling.title}\``,
    ACCESS[spelling.access],
    ...PROTOCOLS.map((protocol) => why.cell(reasonFor(spelling, protocol))),
    spelling.access === "granted" && !isEncrypted(spelling) ? "yes" : "no",
  ]);
  const head = ["channel", "who may", ...PROTOCOLS.map((protocol) => TITLES[protocol]), "client events"];
  return `${grid(head, rows)}\n\n${why.lines}`;
}

function reasonFor(spelling: Spelling, protocol: Protocol): string | null {
  if (spelling.access === "reserved") return ungrammatical(spelling, protocol) ?? "refused, whatever the grant";
  return ungrammatical(spelling, protocol);
}

const UNNAMED = "nothing: it is told no id";

function exclusion(): string {
  const hears = ({ hearsItself }: Publisher) =>
    hearsItself === null ? "nothing: it is on no channel" : hearsItself ? "itself and the others" : "the others";
  const excepted: Readonly<Record<string, string>> = {
    socket_id: "`socket_id` of Pusher's HTTP API",
    connection: "`?connection=` of the rooms protocol's, of the same user",
    ably: "nothing: its connection id is no `socket_id`",
  };
  const publishers = grid(
    ["who publishes by", "hears"],
    HEARERS.map((publisher) => [publisher.title, hears(publisher)]),
  );
  const subscribers = grid(
    ["who receives by", "is left out by"],
    SUBSCRIBERS.map(({ title, protocol, excludedBy }) => [title, excepted[excludedBy ?? protocol] ?? UNNAMED]),
  );
  return `${publishers}\n\n${subscribers}`;
}

function presence(): string {
  const why = new Notes();
  const sees = ({ seesMembers }: Subscriber) => why.cell(seesMembers ? null : "bare mode tells of no members");
  const rows = ENTRANTS.map(({ title }) => [title, ...SUBSCRIBERS.map(sees)]);
  return `${grid(["entered by ↓, seen by →", ...SUBSCRIBERS.map(({ title }) => title)], rows)}\n\n${why.lines}`;
}

/** The text of docs/protocols/matrix.md. */
export const matrixDocument = (): string => `# Every way to publish, every way to receive

Written from \`conformance/matrix\`, whose tests run each cell with the vendors' SDKs against the built server, and fail if this
page says anything else. \`npx vitest run --project conformance conformance/matrix/document.test.ts -u\` writes it anew.

## Pairs

"yes": every value, every name and every channel below that both can say, and 1,000 messages in their order. What several
publish at once comes to everybody in one order; of client events, each sender's own order is kept.

${pairs()}

## Data

${values()}

Data is bounded by \`eventBytes\`, 10,240 bytes, and what Ably's clients publish at once by \`messageBytes\`, 65,536. Base64 text that happens to be JSON (\`1234\`) is to pusher-js what it says.

## Event names

${names()}

## Channel names

\`x\` stands for any text. A name that a protocol cannot say is refused with its reason, to subscribe and to publish.

${channels()}

On \`private-encrypted-\` channels Pusher's SDKs read and publish only what they have encrypted; other clients' messages pass
through as they are. Without a grant nobody is let in, nobody publishes, and nothing that is published there reaches those
who were refused. To Ably's clients no name is open: they need the capability for each, and without it are refused everywhere.

## Who does not hear

${exclusion()}

## Presence

On \`presence-\` channels. A user who is there by several protocols is one member, until the last connection is gone;
Ably's clients see each of the user's connections come and go. The client id is the user's id, the data is the user's info.

${presence()}
`;
