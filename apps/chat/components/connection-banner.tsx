"use client";

import { useConnection } from "@polywire/react";
import { useEffect, useState, useSyncExternalStore } from "react";
import { useAfterOutage } from "@/hooks/use-after-outage";
import { cn } from "@/lib/cn";

/** A first connection that takes no longer than this is not worth a word. Milliseconds. */
const PATIENCE = 1500;
const BACK_FOR = 3000;
const OFFLINE = "Offline. Trying to connect again …";

/** Says that there is no connection, and that it is back. It lies over the page, so nothing moves. */
export function ConnectionBanner() {
  const { state } = useConnection();
  const isBack = useIsBack();
  const isLate = useIsLate(state !== "connected");
  const isOffline = useIsOffline();
  const text = isOffline ? OFFLINE : wordsFor(state, isLate, isBack);
  return (
    <div
      role="status"
      aria-live="polite"
      className="pointer-events-none fixed inset-x-0 top-3 z-50 flex justify-center"
    >
      {text && (
        <p
          className={cn(
            "rounded-full border px-4 py-1.5 text-sm shadow-md",
            isBack && text !== OFFLINE && state === "connected"
              ? "bg-accent text-on-accent"
              : "bg-danger-soft text-danger",
          )}
        >
          {text}
        </p>
      )}
    </div>
  );
}

function wordsFor(state: string, isLate: boolean, isBack: boolean): string | null {
  if (state === "connected") return isBack ? "Back online" : null;
  if (state === "unavailable") return OFFLINE;
  if (state === "failed") return "This browser cannot connect: WebSockets do not get through.";
  if (state === "disconnected") return "Disconnected. Reload the page to connect again.";
  return isLate ? "Connecting …" : null;
}

function useIsLate(isWaiting: boolean): boolean {
  const [isLate, setIsLate] = useState(false);
  useEffect(() => {
    if (!isWaiting) return;
    const timer = setTimeout(() => setIsLate(true), PATIENCE);
    return () => {
      clearTimeout(timer);
      setIsLate(false);
    };
  }, [isWaiting]);
  return isLate;
}

/** What the browser knows at once, and the connection only when a ping goes unanswered. */
const useIsOffline = (): boolean =>
  useSyncExternalStore(
    subscribe,
    () => !navigator.onLine,
    () => false,
  );

function subscribe(listener: () => void): () => void {
  for (const event of ["online", "offline"]) window.addEventListener(event, listener);
  return () => {
    for (const event of ["online", "offline"]) window.removeEventListener(event, listener);
  };
}

function useIsBack(): boolean {
  const [isBack, setIsBack] = useState(false);
  useAfterOutage(() => setIsBack(true));
  useEffect(() => {
    if (!isBack) return;
    const timer = setTimeout(() => setIsBack(false), BACK_FOR);
    return () => clearTimeout(timer);
  }, [isBack]);
  return isBack;
}
