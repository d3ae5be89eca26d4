"use client";

import { useClient, useTrigger } from "@polywire/react";
import { useState } from "react";
import { deleteNote, saveNote } from "@/app/actions/board";
import { useChannel, useEvent } from "@/hooks/use-channel";
import {
  NOTE_DELETED,
  NOTE_MOVED,
  NOTE_SAVED,
  type Note,
  type Point,
  withNote,
  withNoteAt,
  withoutNote,
} from "@/lib/board";
import { BOARD_CHANNEL } from "@/lib/channels";
import { throttle } from "@/lib/throttle";

/** A screen shows no more of a movement. Milliseconds. */
export const MOVE_EVERY = 40;

export interface Board {
  readonly notes: readonly Note[];
  /** Shows it as it is now to everybody, and stores it. */
  readonly save: (note: Note) => void;
  /** Shows others that it is being moved; `save` it where it ends. */
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
  const [tellMove] = useState(() => throttle((move: () => void) => move(), MOVE_EVERY));

  useEvent<Note>(channel, NOTE_SAVED, (note) => setNotes((list) => withNote(list, note)));
  useEvent<{ readonly id: string }>(channel, NOTE_DELETED, ({ id }) => setNotes((list) => withoutNote(list, id)));
  useEvent<Point & { readonly id: string }>(channel, NOTE_MOVED, ({ id, ...point }) =>
    setNotes((list) => withNoteAt(list, id, point)),
  );
  // Whatever was missed, before the first subscription or in an outage, is in the database.
  useEvent(channel, "pusher:subscription_succeeded", () => load());

  async function load(): Promise<void> {
    const response = await fetch("/api/notes").catch(() => null);
    if (response?.ok) setNotes(await response.json());
  }

  async function store(stored: Promise<boolean>): Promise<void> {
    const isStored = await stored.catch(() => false);
    setError(isStored ? null : "That could not be stored. The board is shown as it was.");
    if (!isStored) await load();
  }

  return {
    notes,
    error,
    save(note) {
      setNotes((list) => withNote(list, note));
      void store(saveNote(note, client?.connection.socket_id));
    },
    move(id, point) {
      setNotes((list) => withNoteAt(list, id, point));
      tellMove(() => trigger(NOTE_MOVED, { id, ...point }));
    },
    remove(id) {
      setNotes((list) => withoutNote(list, id));
      void store(deleteNote(id, client?.connection.socket_id));
    },
  };
}
