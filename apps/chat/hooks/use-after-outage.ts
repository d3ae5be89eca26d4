"use client";

import { useConnection } from "@polywire/react";
import { useEffect, useEffectEvent, useRef } from "react";

/** Calls `callback` each time the connection is back after it was lost. */
export function useAfterOutage(callback: () => void): void {
  const { state } = useConnection();
  const wasConnected = useRef(false);
  const isOut = useRef(false);
  const onBack = useEffectEvent(callback);
  useEffect(() => {
    if (state !== "connected") {
      isOut.current = wasConnected.current;
      return;
    }
    wasConnected.current = true;
    if (isOut.current) onBack();
    isOut.current = false;
  }, [state]);
}
