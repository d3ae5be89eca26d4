import type { Driver, EventHandler, Release } from "./driver.js";
import { report } from "./report.js";

type Handlers = Set<EventHandler>;

/** Hands the events of channels to many handlers over one binding of the SDK per channel and event. */
export interface EventDispatcher<Channel extends object> {
  /**
   * Calls `handler` at each `eventName` of `channel` until released. What a handler throws is reported and stops no other
   * handler.
   */
  add(channel: Channel, eventName: string, handler: EventHandler): Release;
}

export function createEventDispatcher<Client extends object, Channel extends object>(
  driver: Driver<Client, Channel>,
): EventDispatcher<Channel> {
  const channels = new WeakMap<Channel, Map<string, { readonly handlers: Handlers; readonly unbind: Release }>>();

  return {
    add(channel, eventName, handler) {
      const events = channels.get(channel) ?? new Map();
      channels.set(channel, events);
      const own: EventHandler = (data, metadata) => handler(data, metadata);
      let binding = events.get(eventName);
      if (binding === undefined) {
        const handlers: Handlers = new Set();
        binding = { handlers, unbind: driver.bind(channel, eventName, fanOut(handlers)) };
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
