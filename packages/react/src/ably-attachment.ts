import type { ChannelOptions, ChannelStateChange, RealtimeChannel, RealtimeClient } from "ably";
import { keyOf } from "./key-of.js";
import { report } from "./report.js";

/** What the hooks have attached or are leaving. A channel that the application attached before is not among them. */
const attachments = new WeakMap<RealtimeChannel, Attachment>();

/** The channel if anybody is attached to it or about to be, else null. */
export function findChannel(client: RealtimeClient, name: string): RealtimeChannel | null {
  const channel = client.channels.all[name];
  if (channel === undefined) return null;
  const attachment = attachments.get(channel);
  const isWanted = attachment?.isWanted ?? ["attaching", "attached", "suspended"].includes(channel.state);
  return isWanted ? channel : null;
}

/** Attaches, or takes part in an attachment that is there. */
export function attach(client: RealtimeClient, name: string, options?: ChannelOptions): RealtimeChannel {
  const known = client.channels.all[name];
  const channel = known ?? client.channels.get(name, ownOptions(options));
  let attachment = attachments.get(channel);
  const isOthers = attachment === undefined && findChannel(client, name) !== null;
  if (known !== undefined && options !== undefined && keyOf(options) !== attachment?.optionsKey) {
    channel.setOptions(attachment?.isMade ? ownOptions(options) : options).catch(report);
  }
  if (isOthers) return channel;
  attachment ??= new Attachment(client, channel, known === undefined);
  if (options !== undefined) attachment.optionsKey = keyOf(options);
  attachment.want();
  return channel;
}

/** Detaches, as soon as that is possible. */
export function detach(client: RealtimeClient, name: string): void {
  const channel = client.channels.all[name];
  if (channel === undefined) return;
  const attachment = attachments.get(channel);
  if (attachment === undefined) channel.detach().catch(ignore);
  else attachment.leave();
}

/** The hooks attach, when nothing that was sent before can cross it: listening alone does not. */
const ownOptions = (options?: ChannelOptions): ChannelOptions => ({ attachOnSubscribe: false, ...options });

/**
 * One channel that is to be attached, or no more. Each request waits for the answer to the one before: the SDK takes the
 * answer to a DETACH for a refusal when it is attaching again, and fails what waits for the attachment.
 */
class Attachment {
  isWanted = false;
  optionsKey: string | undefined;
  /** Whether it could not attach for want of a connection: it does when the client connects again. */
  #isBlocked = false;
  #isLeaving = false;
  readonly #client: RealtimeClient;
  readonly #channel: RealtimeChannel;

  /** @param isMade whether nobody had the channel before, so that it is released in the end */
  constructor(
    client: RealtimeClient,
    channel: RealtimeChannel,
    readonly isMade: boolean,
  ) {
    this.#client = client;
    this.#channel = channel;
    attachments.set(channel, this);
    channel.on(this.#onChannel);
    client.connection.on("connecting", this.#onConnecting);
  }

  want(): void {
    this.isWanted = true;
    if (["initialized", "detached", "failed", "suspended"].includes(this.#channel.state)) this.#attach();
  }

  leave(): void {
    this.isWanted = false;
    this.#part();
  }

  #attach(): void {
    this.#channel.attach().catch(ignore);
    this.#isBlocked = this.#channel.state !== "attaching" && this.#channel.state !== "attached";
  }

  /** One more step on the way out. */
  #part(): void {
    if (this.isWanted) return;
    const { state } = this.#channel;
    if (state === "initialized" || state === "detached" || state === "failed") this.#end();
    else if (state === "attaching" && this.#client.connection.state === "connected") return;
    else if (state !== "detaching") {
      this.#isLeaving = true;
      this.#channel.detach().catch(ignore);
    }
  }

  #end(): void {
    this.#channel.off(this.#onChannel);
    this.#client.connection.off("connecting", this.#onConnecting);
    attachments.delete(this.#channel);
    const { name } = this.#channel;
    if (this.isMade && this.#client.channels.all[name] === this.#channel) this.#client.channels.release(name);
  }

  readonly #onChannel = ({ current }: ChannelStateChange): void => {
    const hasEnded = current === "detached" || current === "failed";
    const wasLeaving = this.#isLeaving;
    if (current !== "detaching") this.#isLeaving = false;
    // Not in the SDK's own turn: it has not told everybody else of this state yet.
    if (!this.isWanted) queueMicrotask(() => attachments.get(this.#channel) === this && this.#part());
    else if (hasEnded && !hasConnection(this.#client)) this.#isBlocked = true;
    else if (hasEnded && wasLeaving) queueMicrotask(() => this.isWanted && this.want());
  };

  readonly #onConnecting = (): void => {
    if (this.#isBlocked && this.isWanted) this.want();
  };
}

/** Whether there is a connection, or one is being tried for. */
function hasConnection({ connection }: RealtimeClient): boolean {
  return !["closing", "closed", "failed"].includes(connection.state);
}

const ignore = () => {};
