import { stripVTControlCharacters } from "node:util";
import { type BrowserContext, expect } from "@playwright/test";

/** What Next.js prints of a request whose page was closed while it was sent. */
const GONE = /^⨯ Error: aborted\n( +at .*\n)* +at .* \{\n {2}code: 'ECONNRESET'\n\}\n/gm;

/** Collects what no page and no server may say in a test. */
export class Faults {
  readonly #seen: string[] = [];
  readonly #expected: RegExp[] = [];

  /** What this test brings about on purpose. */
  expect(...patterns: readonly RegExp[]): void {
    this.#expected.push(...patterns);
  }

  /** Console errors and warnings (a hydration mismatch is one), exceptions and unhandled rejections of all its pages. */
  watch(context: BrowserContext): void {
    context.on("console", (message) => {
      const isFault = message.type() === "error" || message.type() === "warning";
      if (isFault) this.#seen.push(`console ${message.type()}: ${message.text()} (${message.location().url})`);
    });
    context.on("weberror", (webError) => this.#seen.push(`exception: ${webError.error().stack}`));
  }

  /** What the chat's server has printed as errors: it says something only when something is wrong. */
  complained(output: string): void {
    const lines = stripVTControlCharacters(output).replace(GONE, "").split("\n");
    for (const line of lines) if (line.trim() !== "") this.#seen.push(`server: ${line}`);
  }

  check(): void {
    const unexpected = this.#seen.filter((fault) => !this.#expected.some((pattern) => pattern.test(fault)));
    expect(unexpected, "no errors, no warnings").toEqual([]);
  }
}
