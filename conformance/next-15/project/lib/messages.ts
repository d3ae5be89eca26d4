export interface Message {
  readonly id: number;
  readonly text: string;
}

declare global {
  // A page and a route handler are bundled apart, and have modules of their own.
  var rooms: Map<string, Message[]>;
}
globalThis.rooms ??= new Map();

export const messagesAfter = (room: string, id: number): readonly Message[] => (rooms.get(room) ?? []).slice(id);

export function keep(room: string, text: string): Message {
  const messages = rooms.get(room) ?? [];
  rooms.set(room, messages);
  const message = { id: messages.length + 1, text };
  messages.push(message);
  return message;
}
