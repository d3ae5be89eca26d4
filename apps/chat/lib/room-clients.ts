import type { ClientName } from "@/lib/room";

export interface ClientDescription {
  readonly name: ClientName;
  /** What to know of it, where there is nothing to tell of its connection. */
  readonly about: string;
  /** How it connects, listens and sends. */
  readonly code: string;
  /** Degrees. */
  readonly hue: number;
}

export const ROOM_CLIENTS: readonly ClientDescription[] = [
  {
    name: "pusher-js",
    hue: 285,
    about: "A presence channel, and client events to the others in it.",
    code: `const pusher = new Pusher(key,
  options);
const room = pusher.subscribe(
  "presence-clients");
room.bind(event, show);

room.trigger(event, data);`,
  },
  {
    name: "Socket.IO",
    hue: 165,
    about: "A namespace. It gets its own messages back, as everybody does.",
    code: `const room = io(
  \`\${url}/ch/presence-clients\`,
  { auth: { token } });
room.on(event, show);

room.emit("publish",
  { event, data });`,
  },
  {
    name: "WebSocket",
    hue: 240,
    about: "JSON, no SDK. An acknowledgement says that it was sent.",
    code: `const ws = new WebSocket(url,
  ["polywire.v1", token]);
const send = (msg) =>
  ws.send(JSON.stringify(msg));
ws.onopen = () =>
  send({ type: "join", room });
ws.onmessage = show;

send({ type: "message",
  room, event, data });`,
  },
  {
    name: "EventSource",
    hue: 45,
    about: "Only listens. Each message that it sends is a POST.",
    code: `const room = url +
  "/rooms/presence-clients";
const events = new EventSource(
  \`\${room}/events?\${query}\`);
events.onmessage = show;

fetch(\`\${room}/messages\`, {
  method: "POST",
  headers, body });`,
  },
];

/** Dark enough for white text, in both schemes. */
const COLORS = new Map(ROOM_CLIENTS.map(({ name, hue }) => [name, `oklch(0.45 0.13 ${hue})`]));

export const colorOf = (client: ClientName): string => COLORS.get(client) ?? "gray";
