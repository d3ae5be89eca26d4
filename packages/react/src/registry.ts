import type { ClientSource } from "./client-source.js";
import type { AnyDriver } from "./driver.js";

/** The SDKs of the entries that the application imports. An entry registers its own, so that no other is bundled. */
const drivers = new Set<AnyDriver>();

let fallback: ClientSource | null = null;

export function registerDriver(driver: AnyDriver): void {
  drivers.add(driver);
}

/** What the hooks use without a provider. */
export function registerDefault(source: ClientSource): void {
  fallback = source;
}

export const defaultSource = (): ClientSource | null => fallback;

/** The driver of a channel, whoever made it. Throws a TypeError for what is no channel of an SDK that is used here. */
export function driverOf(channel: object): AnyDriver {
  for (const driver of drivers) {
    if (driver.owns(channel)) return driver;
  }
  throw new TypeError("Not a channel of the SDK whose hooks these are.");
}
