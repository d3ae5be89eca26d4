/** The server's reasons, in the words of a reader. */
const REASONS: Readonly<Record<string, string>> = {
  "log-lost": "the server began anew",
  forgotten: "it was too long ago",
  "too-long": "it is too much",
  "unknown-position": "the server does not know where this client was",
  forbidden: "the token does not allow it",
};

export const RECOVERED = "Back, and nothing was missed.";
export const NOT_RECOVERED = "Back. What was sent meanwhile is not repeated";

/** What to tell after a connection was lost, when the server says why what was missed does not follow. */
export const gapNotice = (reason: string): string => `${NOT_RECOVERED}: ${REASONS[reason] ?? reason}.`;
