import type Pusher from "pusher-js";
import type { ChannelAuthorizationHandler } from "pusher-js";
import { connect } from "./client.js";

/** A client whose channels a route authorizes, which `ask` sends what pusher-js sends. */
export function connectThrough(ask: (body: URLSearchParams) => Promise<Response>): Promise<Pusher> {
  const customHandler: ChannelAuthorizationHandler = async ({ socketId, channelName }, callback) => {
    const response = await ask(new URLSearchParams({ socket_id: socketId, channel_name: channelName }));
    if (response.ok) callback(null, await response.json());
    else callback(new Error(`${response.status}: ${await response.text()}`), null);
  };
  return connect({ options: { channelAuthorization: { transport: "ajax", endpoint: "", customHandler } } });
}
