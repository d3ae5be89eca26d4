"use client";

import { type RefObject, useEffect, useRef } from "react";
import uPlot, { type Options } from "uplot";
import "uplot/dist/uPlot.min.css";
import type { SampleBuffer } from "@/components/dashboard/sample-buffer";

const SECONDS = 30;

/** Draws the buffer into the element, at most once for each frame of the screen. */
export function useChart(buffer: SampleBuffer): RefObject<HTMLDivElement | null> {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const box = element.current;
    if (box === null) return;
    const chart = new uPlot(optionsFor(box), buffer.columns, box);
    let drawn = -1;
    let frame = requestAnimationFrame(function draw() {
      frame = requestAnimationFrame(draw);
      if (drawn === buffer.version) return;
      drawn = buffer.version;
      const latest = buffer.columns[0].at(-1) ?? 0;
      chart.setData(buffer.columns, false);
      chart.setScale("x", { min: latest - SECONDS, max: latest });
    });
    const resized = new ResizeObserver(() => chart.setSize(sizeOf(box)));
    resized.observe(box);
    return () => {
      cancelAnimationFrame(frame);
      resized.disconnect();
      chart.destroy();
    };
  }, [buffer]);
  return element;
}

/** Colours are functions, so that each drawing uses those of the present theme. */
function optionsFor(box: HTMLElement): Options {
  const color = (name: string) => () => getComputedStyle(box).getPropertyValue(name);
  const axis = { stroke: color("--muted"), grid: { stroke: color("--border"), width: 1 }, ticks: { show: false } };
  return {
    ...sizeOf(box),
    cursor: { show: false },
    legend: { show: false },
    scales: { y: { range: [0, 100] } },
    axes: [axis, { ...axis, values: (_chart, values) => values.map((value) => `${value} %`) }],
    series: [
      {},
      { label: "Processor", stroke: color("--accent"), width: 2 },
      { label: "Memory", stroke: color("--online"), width: 2 },
    ],
  };
}

const sizeOf = ({ clientWidth, clientHeight }: HTMLElement) => ({ width: clientWidth, height: clientHeight });
