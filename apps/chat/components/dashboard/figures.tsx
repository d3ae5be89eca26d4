"use client";

import { useEffect, useState } from "react";
import type { SampleBuffer, Figures as Values } from "@/components/dashboard/sample-buffer";

const EVERY = 500;
const NONE: Values = { perSecond: 0, latency: null, cpu: null, memory: null };

/** The buffer's figures twice a second: more often nobody can read. */
export function Figures({ buffer }: { readonly buffer: SampleBuffer }) {
  const [values, setValues] = useState(NONE);
  useEffect(() => {
    const timer = setInterval(() => setValues(buffer.figures(Date.now())), EVERY);
    return () => clearInterval(timer);
  }, [buffer]);
  const { perSecond, latency, cpu, memory } = values;
  return (
    <dl className="grid grid-cols-2 gap-3 sm:grid-cols-4">
      <Figure name="Updates a second" value={`${perSecond}`} />
      <Figure name="Latency" value={latency === null ? "–" : `${Math.max(0, Math.round(latency))} ms`} />
      <Figure name="Processor" value={cpu === null ? "–" : `${cpu.toFixed(0)} %`} />
      <Figure name="Memory" value={memory === null ? "–" : `${memory.toFixed(0)} %`} />
    </dl>
  );
}

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div className="rounded-xl border bg-raised px-4 py-3">
      <dt className="text-muted text-xs">{name}</dt>
      <dd className="font-semibold text-2xl tabular-nums">{value}</dd>
    </div>
  );
}
