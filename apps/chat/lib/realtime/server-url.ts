/** Where the server is that the `NEXT_PUBLIC_PUSHER_*` variables name. Without a host that is Pusher's cloud: see the page. */
export function serverUrl(scheme: "http" | "ws"): string {
  const isSecure = process.env.NEXT_PUBLIC_PUSHER_SCHEME !== "http";
  const port = process.env.NEXT_PUBLIC_PUSHER_PORT || 443;
  return `${scheme}${isSecure ? "s" : ""}://${process.env.NEXT_PUBLIC_PUSHER_HOST}:${port}`;
}
