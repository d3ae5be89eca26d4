import type { ClientName } from "@/lib/room";

interface ClientDescription {
  readonly name: ClientName;
  /** How it connects, listens and sends. */
  readonly code: string;
  /** Degrees. */
  readonly hue: number;
}

export const ROOM_CLIENTS: readonly ClientDescription[] = [
  {
    name: "pusher-js",
    hue: 285,
    code: `const pusher = new Pusher(key, options);
const room = pusher.subscribe("presence-clients");
room.bind("client-message", show);

room.trigger("client-message", data);`,
  },
  {
    name: "Socket.IO",
    hue: 165,
    code: `const auth = { token };
const room = io(\`\${url}/ch/presence-clients\`, { auth });
room.on("client-message", show);

room.emit("publish", { event: "client-message", data });`,
  },
  {
    name: "WebSocket",
    hue: 240,
    code: `const ws = new WebSocket(url, ["polywire.v1", token]);
ws.onopen = () => ws.send(JSON.stringify({ type: "join", room }));
ws.onmessage = ({ data }) => show(JSON.parse(data));

ws.send(JSON.stringify({ type: "message", room, event, data }));`,
  },
  {
    name: "EventSource",
    hue: 45,
    code: `const room = \`\${url}/rooms/presence-clients\`;
const events = new EventSource(\`\${room}/events?token=\${token}\`);
events.onmessage = ({ data }) => show(JSON.parse(data));

fetch(\`\${room}/messages\`, { method: "POST", headers, body });`,
  },
];

/** Dark enough for white text, in both schemes. */
const COLORS = new Map(ROOM_CLIENTS.map(({ name, hue }) => [name, `oklch(0.45 0.13 ${hue})`]));

export const colorOf = (client: ClientName): string => COLORS.get(client) ?? "gray";
