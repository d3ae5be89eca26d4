/** A user, as others see them. */
export interface Person {
  readonly id: string;
  readonly name: string;
}

export interface ChatMessage {
  /** Chosen by who sends it, so that sending twice stores once. */
  readonly id: string;
  /** The order of messages. */
  readonly number: number;
  readonly conversationId: string;
  readonly author: Person;
  readonly content: string;
  /** ISO 8601. */
  readonly createdAt: string;
}

/** A conversation as one of its people sees it in the list. */
export interface ConversationSummary {
  readonly id: string;
  readonly title: string;
  readonly isGroup: boolean;
  /** Everybody else in it. */
  readonly people: readonly Person[];
  readonly lastMessage: ChatMessage | null;
  /** The number of the last message that was read. */
  readonly lastReadNumber: number;
  readonly unread: number;
}

/** What an action answers: what it was asked for, or what to tell the person. */
export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string };
