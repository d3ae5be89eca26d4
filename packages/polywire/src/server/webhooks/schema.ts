import { z } from "zod";
import { WEBHOOK_EVENTS } from "./event.js";

/** Set by the server, or by HTTP itself. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "content-type",
  "expect",
  "host",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "x-pusher-key",
  "x-pusher-signature",
]);
/** RFC 9110, 5.1. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

const headers = z
  .record(z.string(), z.string().regex(HEADER_VALUE, "must be one line of Latin-1"))
  .superRefine((given, { addIssue }) => {
    for (const name of Object.keys(given)) {
      const fault = headerFault(name);
      if (fault !== null) addIssue({ code: "custom", message: `${JSON.stringify(name)} ${fault}`, input: given });
    }
  });

function headerFault(name: string): string | null {
  if (!HEADER_NAME.test(name)) return "is no header's name";
  return OWN_HEADERS.has(name.toLowerCase()) ? "is a header that the server sets" : null;
}

/** Secrets belong into headers: an URL is in logs on the way. The address may be this machine's, or a private one. */
const url = z.url({ protocol: /^https?$/ }).refine((text) => hasNoSecret(new URL(text)), {
  error: "must have no user, password or fragment; send secrets in headers",
});

const hasNoSecret = ({ username, password, hash }: URL): boolean => username + password + hash === "";

/** An entry of an app's `webhooks`. */
export const webhookSchema = z.strictObject({
  url,
  events: z
    .array(z.enum(WEBHOOK_EVENTS))
    .min(1)
    .default([...WEBHOOK_EVENTS]),
  headers: headers.default({}),
  filter: z.strictObject({ prefix: z.string().default(""), suffix: z.string().default("") }).prefault({}),
});
