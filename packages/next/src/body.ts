import { isGuardedChannel, isSocketId } from "./names.js";
import { Refusal } from "./refusal.js";

/** What pusher-js asks to have signed. */
export interface AuthRequest {
  readonly socketId: string;
  /** Null: the user itself is to be signed in. */
  readonly channel: string | null;
}

const MAX_BYTES = 16 * 1024;

/** The body, as a form (pusher-js's own) or as JSON. @throws Refusal that names the field */
export async function readAuthRequest(request: Request): Promise<AuthRequest> {
  const fields = await readFields(request);
  const socketId = fields.get("socket_id");
  const channel = fields.get("channel_name") ?? null;
  if (!isSocketId(socketId)) throw new Refusal(400, "socket_id must be of the form digits.digits.");
  if (channel !== null && !isGuardedChannel(channel)) {
    throw new Refusal(400, "channel_name must be a private- or presence- channel of letters, digits and _ - = @ , . ;");
  }
  return { socketId, channel };
}

async function readFields(request: Request): Promise<ReadonlyMap<string, unknown>> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  const text = await readText(request);
  if (type === "application/json") return fromJson(text);
  if (type === "application/x-www-form-urlencoded") return fromForm(text);
  throw new Refusal(415, "The body must be application/x-www-form-urlencoded or application/json.");
}

/** Reads no more than is allowed: whoever is not signed in may send, too. */
async function readText({ body }: Request): Promise<string> {
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = "";
  for (const reader = body?.getReader(); reader !== undefined; ) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.byteLength;
    if (bytes > MAX_BYTES) {
      // Not waited for: what does not end may not end its cancelling either.
      reader.cancel().catch(() => {});
      throw new Refusal(413, `The body is larger than ${MAX_BYTES} bytes.`);
    }
    text += decoder.decode(value, { stream: true });
  }
  return text + decoder.decode();
}

function fromForm(text: string): ReadonlyMap<string, unknown> {
  const fields = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (fields.has(name)) throw new Refusal(400, `${JSON.stringify(name.slice(0, 100))} occurs twice in the body.`);
    fields.set(name, value);
  }
  return fields;
}

function fromJson(text: string): ReadonlyMap<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Refusal(400, "The body is not JSON.");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Refusal(400, "The body must be a JSON object.");
  }
  return new Map(Object.entries(value));
}
