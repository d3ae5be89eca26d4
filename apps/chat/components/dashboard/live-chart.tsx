"use client";

import { useState } from "react";
import { Figures } from "@/components/dashboard/figures";
import { SampleBuffer } from "@/components/dashboard/sample-buffer";
import { useChart } from "@/components/dashboard/use-chart";
import { useEvent } from "@/hooks/use-channel";
import { cn } from "@/lib/cn";
import { SAMPLE, type Sample } from "@/lib/dashboard";
import type { LiveChannel } from "@/lib/live-channel";

/** What arrives goes into a buffer, and the chart draws the buffer once for each frame: React renders nothing for a sample. */
export function LiveChart({ channel }: { readonly channel: LiveChannel }) {
  const [buffer] = useState(() => new SampleBuffer());
  const chart = useChart(buffer);
  useEvent<Sample>(channel, SAMPLE, (sample) => buffer.add(sample, Date.now()));
  return (
    <div className="grid min-h-0 flex-1 grid-rows-[auto_1fr] gap-4 p-4">
      <Figures buffer={buffer} />
      <div className="flex min-h-0 flex-col rounded-xl border bg-raised p-4">
        <div className="flex flex-wrap items-center gap-x-5 gap-y-1 pb-2 text-muted text-sm">
          <h2 className="flex-1">This server&apos;s machine, the last 30 seconds</h2>
          <Key className="bg-accent">Processor</Key>
          <Key className="bg-online">Memory</Key>
        </div>
        <div ref={chart} className="min-h-64 flex-1" role="img" aria-label="Chart of processor and memory use" />
      </div>
    </div>
  );
}

function Key({ className, children }: { readonly className: string; readonly children: string }) {
  return (
    <span className="flex items-center gap-2">
      <span aria-hidden="true" className={cn("h-0.5 w-4 rounded-full", className)} />
      {children}
    </span>
  );
}
