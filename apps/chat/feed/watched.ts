import Pusher from "pusher";

const { PUSHER_APP_ID = "", NEXT_PUBLIC_PUSHER_KEY = "", PUSHER_SECRET = "", PUSHER_CLUSTER = "mt1" } = process.env;
const { PUSHER_HOST, PUSHER_PORT, PUSHER_SCHEME } = process.env;

const app = { appId: PUSHER_APP_ID, key: NEXT_PUBLIC_PUSHER_KEY, secret: PUSHER_SECRET, timeout: 5000 };
const pusher = PUSHER_HOST
  ? new Pusher({
      ...app,
      host: PUSHER_HOST,
      useTLS: PUSHER_SCHEME !== "http",
      ...(PUSHER_PORT && { port: PUSHER_PORT }),
    })
  : new Pusher({ ...app, cluster: PUSHER_CLUSTER, useTLS: true });

/** Whether anybody subscribes to the channel; false when the server does not answer. */
export async function isWatched(channel: string): Promise<boolean> {
  try {
    const response = await pusher.get({ path: `/channels/${channel}` });
    const { occupied } = (await response.json()) as { readonly occupied: boolean };
    return occupied;
  } catch {
    return false;
  }
}
