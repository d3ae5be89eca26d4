import { describe } from "../../core/describe.js";
import { RealtimeError } from "../../core/errors.js";
import { AblyError, errorInfo } from "./errors.js";
import type { Answer, Call } from "./http.js";
import { type Raw, rawOf } from "./wire.js";

/** What is done on each of several channels. */
type OnChannel = (channel: string) => Promise<object>;

const MAX_CHANNELS = 100;
const MAX_SPECS = 100;

/** `POST /messages`: the same messages to several channels, or several such. */
export async function batchPublish(
  call: Call,
  publish: (channel: string, messages: readonly Raw[]) => Promise<object>,
): Promise<Answer> {
  const body = call.body();
  const specs = (Array.isArray(body) ? body : [body]).map(rawOf);
  if (specs.length > MAX_SPECS)
    throw new AblyError(40003, `There are ${specs.length} batches.`, `Expected 1 to ${MAX_SPECS}.`);
  // All that can be wrong with them is, before anything is published.
  const wanted = specs.map(({ channels, messages }) => ({
    names: namesOf(channels),
    messages: (Array.isArray(messages) ? messages : [messages]).map(rawOf),
  }));
  const batches = [];
  for (const { names, messages } of wanted) {
    batches.push(await eachChannel(names, (channel) => publish(channel, messages)));
  }
  // Version 2 of the API had the results of the channels and nothing around them.
  if (call.http.header("x-ably-version") === "2")
    return { status: 201, body: batches.flatMap(({ results }) => results) };
  return { status: 201, body: Array.isArray(body) ? batches : batches[0] };
}

/** `GET /presence`: who is present on several channels. */
export async function batchPresence(call: Call, members: (channel: string) => Promise<object>): Promise<Answer> {
  const channels = (call.query.get("channels") ?? "").split(",").filter((name) => name !== "");
  return { body: await eachChannel(namesOf(channels), members) };
}

async function eachChannel(channels: readonly string[], run: OnChannel) {
  const results = await Promise.all(
    channels.map(async (channel) => {
      try {
        return { channel, ...(await run(channel)) };
      } catch (error) {
        return { channel, error: errorInfo(RealtimeError.from(error)) };
      }
    }),
  );
  const failureCount = results.filter((result) => "error" in result).length;
  return { successCount: results.length - failureCount, failureCount, results };
}

function namesOf(channels: unknown): readonly string[] {
  const names: readonly unknown[] = typeof channels === "string" ? [channels] : Array.isArray(channels) ? channels : [];
  if (names.length === 0 || names.length > MAX_CHANNELS) {
    throw new AblyError(40003, `There are ${names.length} channels.`, `Expected 1 to ${MAX_CHANNELS}.`);
  }
  return names.map((name) => {
    if (typeof name === "string") return name;
    throw new AblyError(40003, `A channel must be a text, not ${describe(name)}.`);
  });
}
