"use client";

import { GripHorizontal, X } from "lucide-react";
import { type KeyboardEvent, type PointerEvent, useRef, useState } from "react";
import { MAX_NOTE_LENGTH, type Note, type NoteColor, type Point } from "@/lib/board";
import { cn } from "@/lib/cn";

/** How far an arrow key moves a note. */
const STEP = 0.02;

const STEPS: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -STEP, y: 0 },
  ArrowRight: { x: STEP, y: 0 },
  ArrowUp: { x: 0, y: -STEP },
  ArrowDown: { x: 0, y: STEP },
};

const COLORS: Readonly<Record<NoteColor, string>> = {
  yellow: "bg-amber-200",
  green: "bg-emerald-200",
  blue: "bg-sky-200",
  pink: "bg-pink-200",
};

interface NoteCardProps {
  readonly note: Note;
  /** Where something on the screen is on the board. */
  readonly onBoard: (screen: Point) => Point;
  readonly onMove: (point: Point) => void;
  /** The movement has ended. */
  readonly onPlace: () => void;
  readonly onWrite: (text: string) => void;
  readonly onRemove: () => void;
}

/** Its bar moves it, by a pointer or by the arrow keys; its text is stored when it is left. */
export function NoteCard({ note, onBoard, onMove, onPlace, onWrite, onRemove }: NoteCardProps) {
  const grip = useRef<Point | null>(null);
  const [typed, setTyped] = useState<string | null>(null);

  function onPointerDown(event: PointerEvent<HTMLButtonElement>): void {
    event.currentTarget.setPointerCapture(event.pointerId);
    const at = onBoard({ x: event.clientX, y: event.clientY });
    grip.current = { x: at.x - note.x, y: at.y - note.y };
  }

  function onPointerMove(event: PointerEvent): void {
    if (grip.current === null) return;
    const at = onBoard({ x: event.clientX, y: event.clientY });
    onMove({ x: at.x - grip.current.x, y: at.y - grip.current.y });
  }

  function onPointerUp(): void {
    if (grip.current === null) return;
    grip.current = null;
    onPlace();
  }

  function onKeyDown(event: KeyboardEvent): void {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    onMove({ x: note.x + step.x, y: note.y + step.y });
  }

  function onKeyUp(event: KeyboardEvent): void {
    if (event.key in STEPS) onPlace();
  }

  function onBlur(): void {
    if (typed !== null && typed !== note.text) onWrite(typed);
    setTyped(null);
  }

  return (
    <article
      className={cn(
        "absolute grid w-44 focus-within:z-10 gap-1 rounded-lg p-1.5 text-neutral-900 shadow-md",
        COLORS[note.color],
      )}
      style={{ left: `min(${note.x * 100}%, 100% - 11rem)`, top: `min(${note.y * 100}%, 100% - 7rem)` }}
    >
      <div className="flex items-center">
        <button
          type="button"
          aria-label="Move the note"
          title="Drag, or use the arrow keys"
          className="flex h-6 flex-1 cursor-grab touch-none items-center justify-center rounded active:cursor-grabbing"
          onPointerDown={onPointerDown}
          onPointerMove={onPointerMove}
          onPointerUp={onPointerUp}
          onPointerCancel={onPointerUp}
          onKeyDown={onKeyDown}
          onKeyUp={onKeyUp}
        >
          <GripHorizontal className="size-4" />
        </button>
        <button type="button" aria-label="Delete the note" className="rounded p-1" onClick={onRemove}>
          <X className="size-4" />
        </button>
      </div>
      <textarea
        aria-label="Text of the note"
        rows={3}
        maxLength={MAX_NOTE_LENGTH}
        placeholder="Write something"
        className="field-sizing-content max-h-48 min-h-16 resize-none rounded bg-transparent px-1 text-sm placeholder:text-neutral-700"
        value={typed ?? note.text}
        onChange={({ target }) => setTyped(target.value)}
        onBlur={onBlur}
      />
    </article>
  );
}
