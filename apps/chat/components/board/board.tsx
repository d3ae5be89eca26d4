"use client";

import { Plus } from "lucide-react";
import { type PointerEvent, useRef } from "react";
import { CursorMark } from "@/components/board/cursor-mark";
import { NoteCard } from "@/components/board/note-card";
import { Button } from "@/components/ui/button";
import { useBoard } from "@/hooks/use-board";
import { useCursors } from "@/hooks/use-cursors";
import { NOTE_COLORS, type Note, type Point } from "@/lib/board";

export function Board({ initial }: { readonly initial: readonly Note[] }) {
  const surface = useRef<HTMLDivElement>(null);
  const { notes, add, change, move, remove, error } = useBoard(initial);
  const { cursors, point } = useCursors();

  /** Where something on the screen is on the board. */
  function onBoard({ x, y }: Point): Point {
    const box = surface.current?.getBoundingClientRect();
    if (box === undefined) return { x: 0, y: 0 };
    return keptOn({ x: (x - box.left) / box.width, y: (y - box.top) / box.height });
  }

  function addOne(): void {
    const color = NOTE_COLORS[notes.length % NOTE_COLORS.length] ?? NOTE_COLORS[0];
    const place = (notes.length % 8) * 0.06;
    add({ id: crypto.randomUUID(), text: "", color, x: 0.1 + place, y: 0.1 + place });
  }

  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="flex items-center gap-4 p-3">
        <Button size="sm" onClick={addOne}>
          <Plus /> Add a note
        </Button>
        <p role="alert" className="text-danger text-sm">
          {error}
        </p>
      </div>
      <div
        ref={surface}
        className="relative min-h-0 flex-1 touch-none overflow-hidden border-t bg-surface"
        onPointerMove={({ clientX, clientY }: PointerEvent) => point(onBoard({ x: clientX, y: clientY }))}
      >
        {notes.map((note) => (
          <NoteCard
            key={note.id}
            note={note}
            onBoard={onBoard}
            onMove={(point) => move(note.id, keptOn(point))}
            onPlace={() => change({ id: note.id, x: note.x, y: note.y })}
            onWrite={(text) => change({ id: note.id, text })}
            onRemove={() => remove(note.id)}
          />
        ))}
        {cursors.map((cursor) => (
          <CursorMark key={cursor.person.id} {...cursor} />
        ))}
      </div>
    </div>
  );
}

const within = (value: number): number => Math.min(1, Math.max(0, value));
const keptOn = ({ x, y }: Point): Point => ({ x: within(x), y: within(y) });
