/** One event of an event stream, as an EventSource would fire it. */
export interface StreamEvent {
  readonly id: string;
  readonly data: Record<string, unknown>;
}

/** What the server writes to an event stream, read as it comes. */
export class EventReader {
  /** Comments that came, which an EventSource does not show. */
  comments = 0;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  #text = "";

  constructor(
    readonly response: Response,
    private readonly abort: AbortController,
  ) {
    if (response.body === null) throw new Error("The response has no body.");
    this.#reader = response.body.getReader();
  }

  /** The next event; null: the server has ended the stream. */
  async next(): Promise<StreamEvent | null> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end !== -1) {
        const block = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        if (!block.startsWith(":")) return parse(block);
        this.comments += 1;
        continue;
      }
      const { value, done } = await this.#reader.read();
      if (done) return null;
      this.#text += this.#decoder.decode(value, { stream: true });
    }
  }

  async take(count: number): Promise<StreamEvent[]> {
    const events: StreamEvent[] = [];
    while (events.length < count) {
      const event = await this.next();
      if (event === null) throw new Error(`The stream ended after ${JSON.stringify(events).slice(-500)}`);
      events.push(event);
    }
    return events;
  }

  /** Drops the connection. */
  close(): void {
    this.abort.abort();
  }
}

function parse(block: string): StreamEvent {
  const lines = block.split("\n");
  const field = (name: string): string =>
    lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? "";
  return { id: field("id"), data: JSON.parse(field("data")) };
}
