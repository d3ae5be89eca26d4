"use client";

import { useTrigger } from "@polywire/react";
import { useEffect, useRef, useState } from "react";
import { useChannel, useEvent } from "@/hooks/use-channel";
import { usePresence } from "@/hooks/use-presence";
import { roomChannel } from "@/lib/channels";

/** While somebody types, the others are told once in this time. Milliseconds. */
const EVERY = 2000;
/** Who has not been heard of for this long has stopped. */
const FORGET_AFTER = 3500;

const TYPING = "client-typing";

interface Typist {
  readonly id: string;
  readonly until: number;
}

export interface Typing {
  /** The names of the others who are typing. */
  readonly names: readonly string[];
  /** Call it at each keystroke. */
  readonly typed: () => void;
  /** Their message is there, so they have stopped. */
  readonly stopped: (personId: string) => void;
}

/** The server says who typed, and the auth route what they are called: nobody can type in another's name. */
export function useTyping(conversationId: string): Typing {
  const channel = useChannel(roomChannel(conversationId));
  const { members, myId } = usePresence(roomChannel(conversationId));
  const trigger = useTrigger(channel);
  const lastTold = useRef(0);
  const [typists, setTypists] = useState<readonly Typist[]>([]);
  const stopped = (personId: string) =>
    setTypists((list) => (list.some(({ id }) => id === personId) ? list.filter(({ id }) => id !== personId) : list));

  useEvent(channel, TYPING, (_data, metadata) => {
    const id = metadata?.user_id;
    if (id === undefined || id === myId) return;
    setTypists((list) => [...list.filter((other) => other.id !== id), { id, until: Date.now() + FORGET_AFTER }]);
  });

  useEffect(() => {
    const [next] = typists;
    if (next === undefined) return;
    const timer = setTimeout(
      () => setTypists((list) => list.filter(({ until }) => until > Date.now())),
      next.until - Date.now() + 1,
    );
    return () => clearTimeout(timer);
  }, [typists]);

  const typed = () => {
    const now = Date.now();
    if (now - lastTold.current >= EVERY && trigger(TYPING, {})) lastTold.current = now;
  };
  const names = members.filter(({ id }) => typists.some((typist) => typist.id === id)).map(({ info }) => info.name);
  return { names, typed, stopped };
}
