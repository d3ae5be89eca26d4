"use client";

import { useChannel, useClient, useConnection, useEvent, useMessages, usePresence, useTrigger } from "@polywire/react";
import { useState } from "react";
import { send } from "@/app/actions";
import type { Message } from "@/lib/messages";

/** A room as one would write it, without a provider. */
export function Room({ room, initial }: { readonly room: string; readonly initial: readonly Message[] }) {
  const name = `presence-${room}`;
  const client = useClient();
  const channel = useChannel(name);
  const { state } = useConnection();
  const { members, me } = usePresence<{ name: string }>(name);
  const { messages, add } = useMessages<Message>(name, "message", {
    initial,
    refetch: async (lastId) => (await fetch(`/api/messages?room=${room}&after=${lastId ?? 0}`)).json(),
  });
  const [heard, setHeard] = useState<readonly string[]>([]);
  useEvent<Message>(channel, "message", ({ text }) => setHeard((before) => [...before, text]));
  useEvent<string>(channel, "client-wave", (text) => setHeard((before) => [...before, text]));
  const trigger = useTrigger(channel);

  async function submit(form: FormData) {
    const socketId = client?.connection.socket_id ?? null;
    add(await send(room, String(form.get("text")), socketId));
  }

  return (
    <main>
      <p id="state">{state}</p>
      <p id="me">{me?.info.name}</p>
      <p id="members">{members.map(({ id }) => id).join(" ")}</p>
      <p id="messages">{messages.map(({ text }) => text).join(" ")}</p>
      <p id="heard">{heard.join(" ")}</p>
      <form action={submit}>
        <input name="text" />
        <button type="submit">Send</button>
      </form>
      <button type="button" onClick={() => trigger("client-wave", "wave")}>
        Wave
      </button>
    </main>
  );
}
