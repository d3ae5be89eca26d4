import { unique } from "../../support/client.js";
import { roomUrl } from "../../support/rooms.js";
import { type Publisher, type Said, token as tokenOf } from "../client.js";
import { openBare, openVersion1, refusalOf } from "../subscribers/rooms-socket.js";

export const bare: Publisher = {
  title: "rooms, bare",
  protocol: "rooms",
  names: "message",
  keeps: true,
  hearsItself: false,
  async open(room, access) {
    const client = await openBare(room, access);
    return {
      refusal: client.refusal,
      heard: client.received.values,
      async publish(events) {
        for (const { data } of events) client.socket.send({ type: "message", room, data });
        const refusal = await refusalOf(client);
        if (refusal !== null) throw new Error(refusal);
      },
    };
  },
};

export const version1: Publisher = {
  title: "rooms, version 1",
  protocol: "rooms",
  names: "any",
  keeps: true,
  hearsItself: false,
  async open(room, access) {
    const { socket, answers, received, refusal } = await openVersion1(room, access);
    return {
      refusal,
      heard: received.values,
      async publish(events) {
        for (const [id, { name, data }] of events.entries())
          socket.send({ type: "message", room, event: name, data, id });
        const fault = (await answers.take(events.length)).find(({ type }) => type !== "ack");
        if (fault !== undefined) throw new Error(String(fault.message));
      },
    };
  },
};

/** @param query such as the `connection` that is not to get it. Rejects with the server's refusal */
export async function post(room: string, { name, data }: Said, token: string, query: Record<string, string> = {}) {
  const response = await fetch(roomUrl(room, "messages", query), {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ event: name, data }),
  });
  const answer = await response.text();
  if (response.status !== 200) throw new Error(answer);
}

export const roomsHttp: Publisher = {
  title: "rooms, HTTP",
  protocol: "rooms",
  names: "any",
  keeps: true,
  hearsItself: null,
  async open(room, access) {
    const token = await tokenOf(unique("user"), access);
    return {
      refusal: null,
      heard: [],
      async publish(events) {
        for (const event of events) await post(room, event, token);
      },
    };
  },
};
