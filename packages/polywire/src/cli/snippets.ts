/** Options of pusher-js and of `pusher` that follow the variables to this server, and without them to Pusher's cloud. */
const CLIENT = `new Pusher(process.env.NEXT_PUBLIC_PUSHER_KEY!, {
  cluster: process.env.NEXT_PUBLIC_PUSHER_CLUSTER ?? "mt1",
  ...(process.env.NEXT_PUBLIC_PUSHER_HOST && {
    wsHost: process.env.NEXT_PUBLIC_PUSHER_HOST,
    wsPort: Number(process.env.NEXT_PUBLIC_PUSHER_PORT),
    wssPort: Number(process.env.NEXT_PUBLIC_PUSHER_PORT),
    forceTLS: process.env.NEXT_PUBLIC_PUSHER_SCHEME !== "http",
    enabledTransports: ["ws", "wss"],
  }),
})`;

const SERVER = `new Pusher({
  appId: process.env.PUSHER_APP_ID!,
  key: process.env.NEXT_PUBLIC_PUSHER_KEY!,
  secret: process.env.PUSHER_SECRET!,
  ...(process.env.PUSHER_HOST
    ? { host: process.env.PUSHER_HOST, port: process.env.PUSHER_PORT, useTLS: process.env.PUSHER_SCHEME !== "http" }
    : { cluster: process.env.NEXT_PUBLIC_PUSHER_CLUSTER!, useTLS: true }),
})`;

/** What an app's code must say; `@polywire/react` and `@polywire/next` say it already. */
export const SNIPPETS = [
  { title: "In the page, for pusher-js (@polywire/react does this by itself):", code: CLIENT, done: "@polywire/react" },
  { title: "On the server, for pusher (@polywire/next does this by itself):", code: SERVER, done: "@polywire/next" },
];
