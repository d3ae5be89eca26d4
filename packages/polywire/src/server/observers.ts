import type { HubObserver } from "../core/observer.js";

/** Tells two of everything. */
export function both(first: HubObserver, second: HubObserver): HubObserver {
  return {
    connected(...said) {
      first.connected(...said);
      second.connected(...said);
    },
    disconnected(...said) {
      first.disconnected(...said);
      second.disconnected(...said);
    },
    subscriptions(...said) {
      first.subscriptions(...said);
      second.subscriptions(...said);
    },
    presence(...said) {
      first.presence(...said);
      second.presence(...said);
    },
    published(...said) {
      first.published(...said);
      second.published(...said);
    },
    publishedEphemeral(...said) {
      first.publishedEphemeral(...said);
      second.publishedEphemeral(...said);
    },
    delivered(...said) {
      first.delivered(...said);
      second.delivered(...said);
    },
  };
}
