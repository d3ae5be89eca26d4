"use client";

import { useTrigger } from "@polywire/react";
import { useState } from "react";
import { MOVE_EVERY } from "@/hooks/use-board";
import { useChannel, useEvent } from "@/hooks/use-channel";
import { usePresence } from "@/hooks/use-presence";
import { CURSOR, type Point } from "@/lib/board";
import { BOARD_CHANNEL } from "@/lib/channels";
import { throttle } from "@/lib/throttle";
import type { Person } from "@/lib/types";

export interface Cursor extends Point {
  readonly person: Person;
}

export interface Cursors {
  /** Where the others point, of those who are present. */
  readonly cursors: readonly Cursor[];
  /** Tells the others where this person points. */
  readonly point: (point: Point) => void;
}

export function useCursors(): Cursors {
  const channel = useChannel(BOARD_CHANNEL);
  const { members, myId } = usePresence(BOARD_CHANNEL);
  const trigger = useTrigger(channel);
  const [points, setPoints] = useState<Readonly<Record<string, Point>>>({});
  const [point] = useState(() => throttle((where: Point) => trigger(CURSOR, where), MOVE_EVERY));

  useEvent<Point>(channel, CURSOR, ({ x, y }, metadata) => {
    const id = metadata?.user_id;
    if (id !== undefined && id !== myId) setPoints((known) => ({ ...known, [id]: { x, y } }));
  });

  const cursors = members.flatMap(({ id, info }) => {
    const where = points[id];
    return where === undefined ? [] : [{ ...where, person: { id, name: info.name } }];
  });
  return { cursors, point };
}
