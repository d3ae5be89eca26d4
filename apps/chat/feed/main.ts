// Publishes how busy this machine is, 50 times a second, while anybody looks at the dashboard.
import { setInterval as every } from "node:timers/promises";
import { createPublisher } from "@polywire/next";
import { DASHBOARD_CHANNEL } from "../lib/channels";
import { SAMPLE } from "../lib/dashboard";
import { machine } from "./machine";
import { isWatched } from "./watched";

const INTERVAL_MS = 20;
const ASK_EVERY_MS = 1000;

const pusher = createPublisher();
const sample = machine(INTERVAL_MS);
let isOn = false;
let inFlight = 0;

/** A slow server is spared: a sample is left out rather than queued. */
const MAX_IN_FLIGHT = 10;

setInterval(() => {
  const data = sample();
  if (!isOn || inFlight >= MAX_IN_FLIGHT) return;
  inFlight += 1;
  pusher
    .trigger(DASHBOARD_CHANNEL, SAMPLE, data)
    .catch(() => {
      isOn = false;
    })
    .finally(() => {
      inFlight -= 1;
    });
}, INTERVAL_MS);

for await (const _ of every(ASK_EVERY_MS)) isOn = await isWatched(DASHBOARD_CHANNEL);
