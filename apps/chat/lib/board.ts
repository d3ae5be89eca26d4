/** What has happened to a note, on the board's channel; stored, then announced. */
export const NOTE_ADDED = "note-added";
/** Has what was changed and nothing else: somebody may be changing the rest. */
export const NOTE_CHANGED = "note-changed";
export const NOTE_DELETED = "note-deleted";

/** From person to person, not stored. */
export const CURSOR = "client-cursor";
export const NOTE_MOVED = "client-note-moved";

/** Of the board's width and height, 0 to 1. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export const NOTE_COLORS = ["yellow", "green", "blue", "pink"] as const;
export type NoteColor = (typeof NOTE_COLORS)[number];

export interface Note extends Point {
  readonly id: string;
  readonly text: string;
  readonly color: NoteColor;
}

/** What is to be changed of the note with that id. */
export type NoteChange = Pick<Note, "id"> & Partial<Note>;

export const MAX_NOTE_LENGTH = 500;

/** The list with that note in it. One that is known keeps its place: an element that is moved loses focus and pointer. */
export const withNote = (notes: readonly Note[], note: Note): readonly Note[] =>
  notes.some(({ id }) => id === note.id)
    ? notes.map((known) => (known.id === note.id ? note : known))
    : [...notes, note];

/** The list with the note changed, if it is known. */
export const withChange = (notes: readonly Note[], change: NoteChange): readonly Note[] =>
  notes.map((note) => (note.id === change.id ? { ...note, ...change } : note));

export const withoutNote = (notes: readonly Note[], id: string): readonly Note[] =>
  notes.filter((note) => note.id !== id);
