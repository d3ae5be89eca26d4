import { RealtimeError } from "../../core/errors.js";
import type { ChannelName } from "../../core/event.js";
import { decode } from "./decode.js";
import { wireError } from "./errors.js";
import type { SocketIoContext, SocketIoSession } from "./session.js";
import { type Acknowledgement, type Command, historyEntry, serialOf } from "./wire.js";

/** What is told to one socket. */
export interface Emitter {
  emit(event: string, ...args: unknown[]): unknown;
}

type Acknowledge = (answer: Acknowledgement) => void;
type Subscribe = Extract<Command, { type: "subscribe" }>;

/** Commands of one socket that may be under way; a page that comes back subscribes to all its channels at once. */
const MAX_PENDING = 1000;

/** What a socket's client emits, and the answers to it: acknowledgements, or Laravel Echo's events. */
export class Commands {
  #pending = 0;

  constructor(
    private readonly socket: Emitter,
    private readonly session: SocketIoSession,
    /** The channel that the namespace is; null on `/`. */
    private readonly only: ChannelName | null,
    private readonly context: SocketIoContext,
  ) {}

  /** Never throws. */
  async receive(event: unknown, args: readonly unknown[]): Promise<void> {
    const last = args.at(-1);
    const acknowledge = typeof last === "function" ? (last as Acknowledge) : null;
    const argument = args[0] === last && acknowledge !== null ? undefined : args[0];
    this.#pending += 1;
    try {
      if (this.#pending > MAX_PENDING) {
        throw new RealtimeError(
          "rate-limited",
          `More than ${MAX_PENDING} commands are under way.`,
          "Wait for answers.",
        );
      }
      const command = decode(event, argument, this.only, this.session.visitor.app.limits);
      await this.session.inTurn(command.channel, () => this.#run(command, acknowledge));
    } catch (error) {
      this.#refuse(RealtimeError.from(error), event === "subscribe" ? channelIn(argument) : null, acknowledge);
    } finally {
      this.#pending -= 1;
    }
  }

  async #run(command: Command, acknowledge: Acknowledge | null): Promise<void> {
    const { session } = this;
    switch (command.type) {
      case "subscribe":
        return this.#subscribe(command, acknowledge);
      case "unsubscribe":
        await session.unsubscribe(command.channel);
        acknowledge?.({ ok: true, channel: command.channel });
        return;
      case "client-event":
        await session.sendClientEvent(command);
        acknowledge?.({ ok: true });
        return;
      case "publish": {
        const { id, position } = await session.publish(command);
        acknowledge?.({ ok: true, id, serial: position === null ? null : serialOf(position) });
        return;
      }
      case "history": {
        const messages = await session.history(command);
        acknowledge?.({ ok: true, channel: command.channel, messages: messages.map(historyEntry) });
        return;
      }
    }
  }

  /** Who asks for an acknowledgement gets its events with their meta; Echo never does. */
  async #subscribe(command: Subscribe, acknowledge: Acknowledge | null): Promise<void> {
    const { channel } = command;
    const { echo, native } = this.context.encoders;
    const joined = await this.session.subscribe(command, acknowledge === null ? echo : native);
    const { serial, gap, members } = joined;
    if (acknowledge !== null) {
      const recovery = command.since === null ? {} : { recovered: gap === null, ...(gap !== null && { gap }) };
      acknowledge({ ok: true, channel, serial, ...recovery, ...(members !== null && { members }) });
    } else if (members !== null) {
      this.socket.emit("presence:subscribed", channel, members);
    }
    await this.session.begin(joined);
  }

  #refuse(reason: RealtimeError, channel: ChannelName | null, acknowledge: Acknowledge | null): void {
    const isPassing = reason.code === "unavailable" || reason.code === "internal";
    if (isPassing && acknowledge === null && channel !== null) {
      this.session.terminate(reason);
      return;
    }
    this.context.refused(this.session, reason);
    const error = wireError(reason);
    if (acknowledge !== null) acknowledge({ ok: false, error });
    else if (channel !== null) this.socket.emit("subscription_error", channel, error.status, error);
    else this.socket.emit("error", error);
  }
}

/** The channel that a malformed subscribe was meant for, where it says so. */
function channelIn(argument: unknown): ChannelName | null {
  const { channel } = (argument ?? {}) as { readonly channel?: unknown };
  return typeof channel === "string" ? channel : null;
}
