import { randomBytes, randomInt } from "node:crypto";
import type { EnvLine } from "./env-files.js";

/** A line that leads the app to another server. */
export interface Astray {
  readonly name: string;
  readonly found: string;
  readonly expected: string;
}

/** What an app's variables say, and what they lack. */
export interface Setup {
  /** The credentials the app has; what it lacks is fresh, and in `missing` too. */
  readonly app: { readonly id: string; readonly key: string; readonly secret: string };
  readonly port: number;
  readonly missing: readonly EnvLine[];
  /** Whether credentials are among what is missing. */
  readonly lacksCredentials: boolean;
  readonly astray: readonly Astray[];
  /** Whether the app has a cluster of Pusher's cloud, so that without hosts it is there. */
  readonly hasCluster: boolean;
}

export const HOST = "127.0.0.1";
const DEFAULT_PORT = 6001;
const SIDES = ["", "NEXT_PUBLIC_"];
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3})$/i;

export const isSecret = ({ name }: EnvLine): boolean => name === "PUSHER_SECRET";

/**
 * @param get a variable's value; null when it is not set, or empty
 * @param port as the command line has it; null: the app's own, or 6001
 */
export function setupOf(get: (name: string) => string | null, port: number | null): Setup {
  const missing: EnvLine[] = [];
  const known = (name: string, fresh: () => string): string => {
    const value = get(name);
    if (value !== null) return value;
    const line = { name, value: fresh() };
    missing.push(line);
    return line.value;
  };
  const app = {
    id: known("PUSHER_APP_ID", () => String(randomInt(100_000, 1_000_000))),
    key: get("NEXT_PUBLIC_PUSHER_KEY") ?? get("PUSHER_KEY") ?? known("NEXT_PUBLIC_PUSHER_KEY", () => randomHex(10)),
    secret: known("PUSHER_SECRET", () => randomHex(20)),
  };
  const lacksCredentials = missing.length > 0;

  const listening = port ?? ownPort(get) ?? DEFAULT_PORT;
  const astray: Astray[] = [];
  for (const side of SIDES) {
    const lead = (name: string, expected: string, isHere: (value: string) => boolean) => {
      const found = known(`${side}PUSHER_${name}`, () => expected);
      if (!isHere(found)) astray.push({ name: `${side}PUSHER_${name}`, found, expected });
    };
    lead("HOST", HOST, (host) => LOOPBACK.test(host));
    lead("PORT", String(listening), (text) => Number(text) === listening);
    lead("SCHEME", "http", (scheme) => scheme === "http");
  }
  const hasCluster = (get("NEXT_PUBLIC_PUSHER_CLUSTER") ?? get("PUSHER_CLUSTER")) !== null;
  return { app, port: listening, missing, lacksCredentials, astray, hasCluster };
}

/** The port of a server on this machine that the app has already. */
function ownPort(get: (name: string) => string | null): number | null {
  const port = Number(get("NEXT_PUBLIC_PUSHER_PORT"));
  const isOurs = LOOPBACK.test(get("NEXT_PUBLIC_PUSHER_HOST") ?? "");
  return isOurs && Number.isInteger(port) && port > 0 && port < 65_536 ? port : null;
}

const randomHex = (bytes: number): string => randomBytes(bytes).toString("hex");
