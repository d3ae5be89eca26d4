/** Messages that are loaded at once. */
export const PAGE_SIZE = 40;

/** Characters. */
export const MAX_MESSAGE_LENGTH = 4000;
