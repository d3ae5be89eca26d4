import "server-only";
import type { Note as StoredNote } from "@/generated/prisma/client";
import { NOTE_COLORS, type Note } from "@/lib/board";
import { db } from "@/lib/db";

/** All notes on the board, the oldest first. */
export async function allNotes(): Promise<Note[]> {
  const notes = await db.note.findMany({ orderBy: { createdAt: "asc" } });
  return notes.map(toNote);
}

const toNote = ({ id, text, color, x, y }: StoredNote): Note => ({
  id,
  text,
  color: NOTE_COLORS.find((known) => known === color) ?? NOTE_COLORS[0],
  x,
  y,
});
