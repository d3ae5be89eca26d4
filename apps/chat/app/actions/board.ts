"use server";

import { z } from "zod";
import { auth } from "@/auth";
import { publish } from "@/lib/announce";
import { MAX_NOTE_LENGTH, NOTE_COLORS, NOTE_DELETED, NOTE_SAVED, type Note, type NoteChange } from "@/lib/board";
import { BOARD_CHANNEL } from "@/lib/channels";
import { db } from "@/lib/db";
import { toNote } from "@/lib/notes";
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
  announce(await db.note.create({ data: parsed.data }), socketId);
  return true;
}

/** Changes what is named and nothing else, for two people may change one note. False when there is no such note. */
export async function changeNote({ id: noteId, ...change }: NoteChange, socketId?: string): Promise<boolean> {
  const parsed = changeInput.safeParse({ id: noteId, ...change });
  if (!parsed.success || !(await auth())) return false;
  const { id, ...data } = parsed.data;
  const [changed] = await db.note.updateManyAndReturn({ where: { id }, data });
  if (changed === undefined) return false;
  announce(changed, socketId);
  return true;
}

export async function deleteNote(noteId: string, socketId?: string): Promise<boolean> {
  const parsed = id.safeParse(noteId);
  if (!parsed.success || !(await auth())) return false;
  await db.note.deleteMany({ where: { id: parsed.data } });
  const except = socketIdInput.safeParse(socketId).data;
  publish(() => pusher.trigger(BOARD_CHANNEL, NOTE_DELETED, { id: parsed.data }, { except }));
  return true;
}

function announce(note: Parameters<typeof toNote>[0], socketId: string | undefined): void {
  const except = socketIdInput.safeParse(socketId).data;
  publish(() => pusher.trigger(BOARD_CHANNEL, NOTE_SAVED, toNote(note), { except }));
}
