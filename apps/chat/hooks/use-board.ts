"use client";

import { useClient, useTrigger } from "@polywire/react";
import { useRef, useState } from "react";
import { addNote, changeNote, deleteNote } from "@/app/actions/board";
import { useChannel, useEvent } from "@/hooks/use-channel";
import {
  NOTE_ADDED,
  NOTE_CHANGED,
  NOTE_DELETED,
  NOTE_MOVED,
  type Note,
  type NoteChange,
  type Point,
  withChange,
  withNote,
  withoutNote,
} from "@/lib/board";
import { BOARD_CHANNEL } from "@/lib/channels";
import { throttle } from "@/lib/throttle";

/** A screen shows no more of a movement. Milliseconds. */
export const MOVE_EVERY = 40;

export interface Board {
  readonly notes: readonly Note[];
  readonly add: (note: Note) => void;
  readonly change: (change: NoteChange) => void;
  /** Shows everybody that it is being moved; `change` stores where it ends. */
  readonly move: (id: string, point: Point) => void;
  readonly remove: (id: string) => void;
  /** Something could not be stored; everything is shown again as it is. */
  readonly error: string | null;
}

/** The notes as they are stored, and as they are being moved. */
export function useBoard(initial: readonly Note[]): Board {
  const client = useClient();
  const channel = useChannel(BOARD_CHANNEL);
  const trigger = useTrigger(channel);
  const [notes, setNotes] = useState(initial);
  const [error, setError] = useState<string | null>(null);
  const [tellMove] = useState(() => throttle((tell: () => void) => tell(), MOVE_EVERY));
  /** The changes of this tab: how many were begun and are under way, and whether a load was in vain meanwhile. */
  const changes = useRef({ begun: 0, open: 0, isLoadDue: false });

  useEvent<Note>(channel, NOTE_ADDED, (note) => setNotes((list) => withNote(list, note)));
  useEvent<NoteChange>(channel, NOTE_CHANGED, (change) => setNotes((list) => withChange(list, change)));
  useEvent<{ readonly id: string }>(channel, NOTE_DELETED, ({ id }) => setNotes((list) => withoutNote(list, id)));
  useEvent<Point & { readonly id: string }>(channel, NOTE_MOVED, (moved) =>
    setNotes((list) => withChange(list, moved)),
  );
  // Whatever was missed, before the first subscription or in an outage, is in the database.
  useEvent(channel, "pusher:subscription_succeeded", () => load());

  /** What was read while something here changed may not have it; the last change reads again. */
  async function load(): Promise<void> {
    const { begun } = changes.current;
    const response = await fetch("/api/notes").catch(() => null);
    if (!response?.ok) return;
    const stored: readonly Note[] = await response.json();
    changes.current.isLoadDue = changes.current.open > 0;
    if (changes.current.isLoadDue) return;
    if (changes.current.begun === begun) setNotes(stored);
    else await load();
  }

  async function store(shown: (list: readonly Note[]) => readonly Note[], stored: Promise<boolean>): Promise<void> {
    changes.current.begun += 1;
    changes.current.open += 1;
    setNotes(shown);
    const isStored = await stored.catch(() => false);
    changes.current.open -= 1;
    setError(isStored ? null : "That could not be stored. The board is shown as it is.");
    const isLast = changes.current.open === 0;
    if (!isStored || (isLast && changes.current.isLoadDue)) await load();
  }

  const socketId = () => client?.connection.socket_id;
  return {
    notes,
    error,
    add: (note) => void store((list) => withNote(list, note), addNote(note, socketId())),
    change: (change) => void store((list) => withChange(list, change), changeNote(change, socketId())),
    remove: (id) => void store((list) => withoutNote(list, id), deleteNote(id, socketId())),
    move(id, point) {
      setNotes((list) => withChange(list, { id, ...point }));
      tellMove(() => trigger(NOTE_MOVED, { id, ...point }));
    },
  };
}
