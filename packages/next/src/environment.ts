/** What is missing or wrong in the environment or the options; for the developer, never for a client. */
export class SetupError extends Error {
  override readonly name = "SetupError";
}

/** The app's public key and the secret that signs. */
export interface Credentials {
  readonly key: string;
  readonly secret: string;
}

/** @throws SetupError that names the variable */
export function required(value: string | undefined, name: string): string {
  if (value) return value;
  throw new SetupError(
    `${name} is not set. Put it into .env.local (polywire shows it at its start, Pusher and Ably in their dashboards).`,
  );
}

/** From `NEXT_PUBLIC_PUSHER_KEY` (or `PUSHER_KEY`) and `PUSHER_SECRET`. @throws SetupError */
export function credentials({ key, secret }: Partial<Credentials>): Credentials {
  return {
    key: required(key ?? process.env.NEXT_PUBLIC_PUSHER_KEY ?? process.env.PUSHER_KEY, "NEXT_PUBLIC_PUSHER_KEY"),
    secret: required(secret ?? process.env.PUSHER_SECRET, "PUSHER_SECRET"),
  };
}
