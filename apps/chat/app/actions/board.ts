"use server";

import { z } from "zod";
import { auth } from "@/auth";
import { publish } from "@/lib/announce";
import { MAX_NOTE_LENGTH, NOTE_COLORS, NOTE_DELETED, NOTE_SAVED, type Note } from "@/lib/board";
import { BOARD_CHANNEL } from "@/lib/channels";
import { db } from "@/lib/db";
import { pusher } from "@/lib/pusher/server";

const MAX_NOTES = 200;

const fraction = z.number().min(0).max(1);
const noteInput = z.object({
  id: z.uuid(),
  text: z.string().max(MAX_NOTE_LENGTH),
  color: z.enum(NOTE_COLORS),
  x: fraction,
  y: fraction,
});
const socketIdInput = z.string().optional();

/** Stores a note as it is now, and shows it to everybody but the tab that says so. False when it was not stored. */
export async function saveNote(note: Note, socketId?: string): Promise<boolean> {
  const parsed = noteInput.safeParse(note);
  const except = socketIdInput.safeParse(socketId).data;
  if (!parsed.success || !(await auth())) return false;
  const { id, ...fields } = parsed.data;
  const isFull = (await db.note.count({ where: { id: { not: id } } })) >= MAX_NOTES;
  if (isFull) return false;
  await db.note.upsert({ where: { id }, create: parsed.data, update: fields });
  await publish(() => pusher.trigger(BOARD_CHANNEL, NOTE_SAVED, parsed.data, { except }));
  return true;
}

export async function deleteNote(id: string, socketId?: string): Promise<boolean> {
  const parsed = z.uuid().safeParse(id);
  const except = socketIdInput.safeParse(socketId).data;
  if (!parsed.success || !(await auth())) return false;
  await db.note.deleteMany({ where: { id } });
  await publish(() => pusher.trigger(BOARD_CHANNEL, NOTE_DELETED, { id }, { except }));
  return true;
}
