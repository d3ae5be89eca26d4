/** Messages that are loaded at once. */
export const PAGE_SIZE = 40;

/** Characters. */
export const MAX_MESSAGE_LENGTH = 4000;

/** Characters of a message in a list or a notification. */
export const PREVIEW_LENGTH = 200;

/** UTF-8 of an event's data: Pusher's cloud takes no more, nor does Polywire unless told to. */
export const MAX_EVENT_BYTES = 10_240;
