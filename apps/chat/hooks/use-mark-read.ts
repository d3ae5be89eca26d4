"use client";

import { useEffect, useRef, useSyncExternalStore } from "react";
import { markRead } from "@/app/actions/chat";

/** Messages that come in a row are marked as read at once. Milliseconds. */
const PAUSE = 300;

/** Marks everything up to `number` as read, as soon as it `isInView` and the page is looked at. */
export function useMarkRead(conversationId: string, number: number | null, isInView: boolean): void {
  const isVisible = useSyncExternalStore(subscribe, isPageVisible, () => false);
  const marked = useRef(0);
  useEffect(() => {
    if (number === null || number <= marked.current || !isInView || !isVisible) return;
    const timer = setTimeout(() => {
      // When it fails, the next message makes up for it.
      markRead(conversationId, number).then(() => {
        marked.current = number;
      }, console.warn);
    }, PAUSE);
    return () => clearTimeout(timer);
  }, [conversationId, number, isInView, isVisible]);
}

const isPageVisible = () => document.visibilityState === "visible";

function subscribe(listener: () => void): () => void {
  document.addEventListener("visibilitychange", listener);
  return () => document.removeEventListener("visibilitychange", listener);
}
