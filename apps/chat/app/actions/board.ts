"use server";

import { z } from "zod";
import { auth } from "@/auth";
import { publish } from "@/lib/announce";
import {
  MAX_NOTE_LENGTH,
  NOTE_ADDED,
  NOTE_CHANGED,
  NOTE_COLORS,
  NOTE_DELETED,
  type Note,
  type NoteChange,
} from "@/lib/board";
import { BOARD_CHANNEL } from "@/lib/channels";
import { db } from "@/lib/db";
import { pusher } from "@/lib/pusher/server";

const MAX_NOTES = 200;

const id = z.uuid();
const fraction = z.number().min(0).max(1);
const noteInput = z.object({
  id,
  text: z.string().max(MAX_NOTE_LENGTH),
  color: z.enum(NOTE_COLORS),
  x: fraction,
  y: fraction,
});
const changeInput = noteInput.partial().required({ id: true });
const socketIdInput = z.string().optional();

/** Puts a note on the board. False when it was not stored. `socketId`: of the tab that shows it already. */
export async function addNote(note: Note, socketId?: string): Promise<boolean> {
  const parsed = noteInput.safeParse(note);
  if (!parsed.success || !(await auth()) || (await db.note.count()) >= MAX_NOTES) return false;
  await db.note.create({ data: parsed.data });
  announce(NOTE_ADDED, parsed.data, socketId);
  return true;
}

/** Changes what is named and nothing else, for two people may change one note. False when there is no such note. */
export async function changeNote({ id: noteId, ...change }: NoteChange, socketId?: string): Promise<boolean> {
  const parsed = changeInput.safeParse({ id: noteId, ...change });
  if (!parsed.success || !(await auth())) return false;
  const { id, ...data } = parsed.data;
  const { count } = await db.note.updateMany({ where: { id }, data });
  if (count === 0) return false;
  announce(NOTE_CHANGED, parsed.data, socketId);
  return true;
}

export async function deleteNote(noteId: string, socketId?: string): Promise<boolean> {
  const parsed = id.safeParse(noteId);
  if (!parsed.success || !(await auth())) return false;
  await db.note.deleteMany({ where: { id: parsed.data } });
  announce(NOTE_DELETED, { id: parsed.data }, socketId);
  return true;
}

function announce(event: string, data: NoteChange, socketId: string | undefined): void {
  const except = socketIdInput.safeParse(socketId).data;
  publish(() => pusher.trigger(BOARD_CHANNEL, event, data, { except }));
}
