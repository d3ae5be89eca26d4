import { sendMessage } from "@/app/actions/chat";
import type { ChatMessage } from "@/lib/types";

/** A message of one's own that is not known to be stored. */
export interface Outgoing {
  readonly id: string;
  readonly content: string;
  /** Null while it is on its way; else why it was not stored. */
  readonly error: string | null;
}

export interface OutboxState {
  readonly draft: string;
  /** Why the draft is one again. */
  readonly error: string | null;
  /** In the order of sending. */
  readonly outgoing: readonly Outgoing[];
}

const UNREACHABLE = "Not sent: the server could not be reached.";
const EMPTY: OutboxState = { draft: "", error: null, outgoing: [] };

/**
 * What a person writes and sends in one conversation. It outlives the page of the conversation: what is under way goes on,
 * and a draft waits. What could not be stored is the draft again, or, if something else is being written, stays with its
 * reason. A message keeps its id, so that trying again stores it once.
 */
export class Outbox {
  #state = EMPTY;
  /** What came back into the draft. */
  #returned: Outgoing | null = null;
  readonly #listeners = new Set<() => void>();

  constructor(
    private readonly conversationId: string,
    private readonly authorId: string,
  ) {}

  readonly current = (): OutboxState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly write = (draft: string): void => this.#change({ draft });

  /** Sends the draft. @param socketId of the tab, which shows the message already */
  readonly send = (socketId: string | undefined): Promise<ChatMessage | null> => {
    const content = this.#state.draft.trim();
    const id = this.#returned?.content === content ? this.#returned.id : crypto.randomUUID();
    this.#returned = null;
    this.#change({ draft: "", error: null, outgoing: [...this.#state.outgoing, { id, content, error: null }] });
    return this.#deliver({ id, content, error: null }, socketId);
  };

  readonly retry = (message: Outgoing, socketId: string | undefined): Promise<ChatMessage | null> => {
    const isIt = ({ id }: Outgoing) => id === message.id;
    this.#change({ outgoing: this.#state.outgoing.map((other) => (isIt(other) ? { ...other, error: null } : other)) });
    return this.#deliver(message, socketId);
  };

  readonly discard = ({ id }: Outgoing): void => this.#change({ outgoing: this.#without(id) });

  /** Takes what is stored out of everything here: the answer that said so may have been lost. */
  readonly settle = (stored: ReadonlySet<string>): void => {
    if (this.#returned !== null && stored.has(this.#returned.id)) {
      const isUnchanged = this.#state.draft.trim() === this.#returned.content;
      this.#returned = null;
      if (isUnchanged) this.#change({ draft: "", error: null });
    }
    const outgoing = this.#state.outgoing.filter(({ id }) => !stored.has(id));
    if (outgoing.length < this.#state.outgoing.length) this.#change({ outgoing });
  };

  async #deliver({ id, content }: Outgoing, socketId: string | undefined): Promise<ChatMessage | null> {
    const { conversationId, authorId } = this;
    const answer = await sendMessage({ conversationId, content, id, socketId, authorId }).catch(() => null);
    if (answer?.ok) {
      this.#change({ outgoing: this.#without(id) });
      return answer.value;
    }
    this.#takeBack({ id, content, error: answer?.error ?? UNREACHABLE });
    return null;
  }

  #takeBack(message: Outgoing): void {
    if (this.#state.draft === "") {
      this.#returned = message;
      this.#change({ draft: message.content, error: message.error, outgoing: this.#without(message.id) });
      return;
    }
    const { outgoing } = this.#state;
    this.#change({ outgoing: outgoing.map((other) => (other.id === message.id ? message : other)) });
  }

  readonly #without = (id: string): readonly Outgoing[] => this.#state.outgoing.filter((other) => other.id !== id);

  #change(change: Partial<OutboxState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of [...this.#listeners]) listener();
  }
}

const outboxes = new Map<string, Outbox>();

/** The one of this conversation and person in this tab. */
export function outboxOf(conversationId: string, authorId: string): Outbox {
  const key = `${authorId} ${conversationId}`;
  const outbox = outboxes.get(key) ?? new Outbox(conversationId, authorId);
  outboxes.set(key, outbox);
  return outbox;
}

/** Whether closing the tab would lose something that the person believes sent. */
export const isAnythingOutgoing = (): boolean =>
  [...outboxes.values()].some((outbox) => outbox.current().outgoing.length > 0);
