import type { AnyDriver, EventHandler, Release } from "./driver.js";
import { report } from "./report.js";

type Handlers = Set<EventHandler>;

/** Hands the events of channels to many handlers over one binding of the SDK per channel and event. */
export interface EventDispatcher {
  /**
   * Calls `handler` at each `eventName` of `channel` until released. What a handler throws is reported and stops no other
   * handler.
   */
  add(channel: object, eventName: string, handler: EventHandler): Release;
}

export function createEventDispatcher(driverOf: (channel: object) => AnyDriver): EventDispatcher {
  const channels = new WeakMap<object, Map<string, { readonly handlers: Handlers; readonly unbind: Release }>>();

  return {
    add(channel, eventName, handler) {
      const events = channels.get(channel) ?? new Map();
      channels.set(channel, events);
      const own: EventHandler = (data, metadata) => handler(data, metadata);
      let binding = events.get(eventName);
      if (binding === undefined) {
        const handlers: Handlers = new Set();
        binding = { handlers, unbind: driverOf(channel).bind(channel, eventName, fanOut(handlers)) };
        events.set(eventName, binding);
      }
      const { handlers, unbind } = binding;
      handlers.add(own);
      return () => {
        if (!handlers.delete(own) || handlers.size > 0) return;
        unbind();
        events.delete(eventName);
      };
    },
  };
}

function fanOut(handlers: Handlers): EventHandler {
  return (data, metadata) => {
    for (const handler of [...handlers]) {
      if (!handlers.has(handler)) continue;
      try {
        handler(data, metadata);
      } catch (error) {
        report(error);
      }
    }
  };
}
