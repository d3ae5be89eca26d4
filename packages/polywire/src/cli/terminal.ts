import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** What a line is about: the word it begins with, and its colour. */
const STYLES = {
  connected: "green",
  disconnected: "gray",
  subscribed: "cyan",
  unsubscribed: "gray",
  "member added": "magenta",
  "member removed": "magenta",
  "user online": "magenta",
  "user offline": "magenta",
  entered: "gray",
  left: "gray",
  event: "blue",
  "client event": "blue",
  refused: "red",
  ended: "yellow",
  notice: "yellow",
} as const satisfies Readonly<Record<string, Style>>;

export type Label = keyof typeof STYLES;

const LABEL_WIDTH = Math.max(...Object.keys(STYLES).map((label) => label.length));
/** Control characters, and those that turn the direction of text. */
const UNSAFE = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** One line a happening: time, word, text. Nothing that comes from outside can do more to a terminal than be read. */
export class Terminal {
  constructor(
    private readonly write: (text: string) => void,
    private readonly isColoured: boolean,
    /** Milliseconds since 1970. */
    private readonly now: () => number,
  ) {}

  line(label: Label, text: string): void {
    const time = new Date(this.now()).toTimeString().slice(0, "00:00:00".length);
    const word = label.padEnd(LABEL_WIDTH);
    this.write(`${this.#style("gray", time)}  ${this.#style(STYLES[label], word)}  ${legible(text)}\n`);
  }

  #style(style: Style, text: string): string {
    return this.isColoured ? styleText(style, text, { validateStream: false }) : text;
  }
}

/** A terminal that people watch gets colours, unless they set NO_COLOR (https://no-color.org). */
export const isColoured = ({ isTTY }: { readonly isTTY?: boolean }, { NO_COLOR }: NodeJS.ProcessEnv): boolean =>
  isTTY === true && !NO_COLOR;

/** On one line, with what a terminal would act on as escapes to read. */
export const legible = (text: string): string =>
  text.toWellFormed().replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** At most `length` characters, with an ellipsis in place of what is left out. */
export const shortened = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length)}…`;
