import { settled } from "../../support/client.js";
import { Inbox } from "../../support/inbox.js";
import { httpApi, type Publisher } from "../client.js";
import { openPusher } from "../subscribers/pusher-js.js";

/** Of one request. */
const BATCH = 100;

export const pusherHttp: Publisher = {
  title: "Pusher, HTTP API",
  protocol: "pusher",
  names: "any",
  keeps: true,
  hearsItself: null,
  async open(channel, access) {
    const api = httpApi(access);
    return {
      refusal: null,
      heard: [],
      async publish(events) {
        for (let start = 0; start < events.length; start += BATCH) {
          const batch = events.slice(start, start + BATCH);
          if (batch.length === 1) await api.trigger(channel, batch[0]?.name ?? "", batch[0]?.data);
          else await api.triggerBatch(batch.map(({ name, data }) => ({ channel, name: name ?? "", data })));
        }
      },
    };
  },
};

export const pusherClientEvent: Publisher = {
  title: "Pusher, client event",
  protocol: "pusher",
  names: "client-",
  keeps: false,
  hearsItself: false,
  async open(name, access) {
    const { pusher, channel, refusal, received } = await openPusher(name, access);
    const errors = new Inbox<object>("error");
    pusher.connection.bind("error", errors.add);
    return {
      refusal,
      heard: received.values,
      async publish(events) {
        for (const { name: event, data } of events) {
          pusher.send_event(event ?? "", data, channel?.name ?? name);
        }
        await settled(pusher);
        if (errors.values.length > 0) throw new Error(JSON.stringify(errors.values));
      },
    };
  },
};
