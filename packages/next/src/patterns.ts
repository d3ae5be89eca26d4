import { SetupError } from "./environment.js";
import { kindOf } from "./names.js";

/** The names in braces of a pattern: `"a" | "b"` for `private-{a}-{b}`. */
export type PatternParams<Pattern extends string> = Pattern extends `${string}{${infer Name}}${infer Rest}`
  ? { readonly [Key in Name]: string } & PatternParams<Rest>
  : unknown;

interface Part {
  readonly literal: string;
  /** The parameter after the literal; null at the end of the pattern. */
  readonly name: string | null;
}

/** A pattern such as `private-user-{id}`, which a channel name matches as a whole or not at all. */
export class ChannelPattern {
  readonly #parts: readonly Part[];
  readonly #kind: string;

  /** @throws SetupError for a pattern that could never match, or not in one way only */
  constructor(readonly text: string) {
    this.#parts = parse(text);
    this.#kind = kindOf(this.#parts[0]?.literal ?? "");
    if (this.#kind === "") {
      throw new SetupError(`The pattern "${text}" must begin with private-, presence- or private-encrypted-.`);
    }
  }

  /**
   * The parameters, or null. A parameter is one or more characters up to the next occurrence of the text after it; the
   * last takes the rest. A pattern for `private-` matches no `private-encrypted-` and no `private-cache-` channel.
   */
  match(channel: string): Readonly<Record<string, string>> | null {
    if (kindOf(channel) !== this.#kind) return null;
    const params: Record<string, string> = Object.create(null);
    let at = 0;
    for (const [index, { literal, name }] of this.#parts.entries()) {
      if (!channel.startsWith(literal, at)) return null;
      at += literal.length;
      if (name === null) return at === channel.length ? params : null;
      const next = this.#parts[index + 1]?.literal ?? "";
      const end = next === "" ? channel.length : channel.indexOf(next, at + 1);
      if (end <= at) return null;
      params[name] = channel.slice(at, end);
      at = end;
    }
    return null;
  }
}

function parse(text: string): readonly Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const { 0: whole, 1: name = "", index } of text.matchAll(/\{([A-Za-z_][A-Za-z0-9_]*)\}/g)) {
    const literal = text.slice(at, index);
    if (literal === "") throw new SetupError(`In the pattern "${text}" something must stand before {${name}}.`);
    if (parts.some((part) => part.name === name)) throw new SetupError(`The pattern "${text}" has {${name}} twice.`);
    parts.push({ literal, name });
    at = index + whole.length;
  }
  parts.push({ literal: text.slice(at), name: null });
  const stray = parts.find(({ literal }) => /[{}]/.test(literal));
  if (stray !== undefined) throw new SetupError(`The pattern "${text}" has a brace that belongs to no {name}.`);
  return parts;
}
