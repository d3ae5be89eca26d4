import { Agent as HttpAgent, request as httpRequest, type OutgoingHttpHeaders } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";

/** Of an answer nobody needs more than its status. */
const MAX_ANSWER_BYTES = 65_536;

/** Posts to one URL over connections of its own, that are kept open. */
export class Sender {
  readonly #url: URL;
  readonly #agent: HttpAgent | HttpsAgent;

  /**
   * @param connections at most so many at a time
   * @param timeoutMs for a request with its answer
   */
  constructor(
    url: string,
    connections: number,
    private readonly timeoutMs: number,
  ) {
    this.#url = new URL(url);
    const options = { keepAlive: true, maxSockets: connections };
    this.#agent = this.#url.protocol === "https:" ? new HttpsAgent(options) : new HttpAgent(options);
  }

  /**
   * Follows no redirect, and reads of the answer 64 KiB at most.
   * @returns null: the answer was 2xx; else why it was not
   */
  async post(headers: OutgoingHttpHeaders, body: Buffer): Promise<string | null> {
    try {
      const first = await this.#attempt(headers, body);
      // The other end may close a connection at the very moment of its next request.
      const last = first.isStale ? await this.#attempt(headers, body) : first;
      return last.failure;
    } catch (error) {
      // Node takes no such request.
      return (error as NodeJS.ErrnoException).code ?? String(error);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #attempt(headers: OutgoingHttpHeaders, body: Buffer): Promise<{ failure: string | null; isStale: boolean }> {
    const signal = AbortSignal.timeout(this.timeoutMs);
    const send = this.#url.protocol === "https:" ? httpsRequest : httpRequest;
    const options = {
      method: "POST",
      agent: this.#agent,
      signal,
      headers: { ...headers, "content-length": body.length },
    };
    return new Promise((resolve) => {
      const request = send(this.#url, options);
      let isAnswered = false;
      request.on("close", () => {
        if (!isAnswered) resolve({ failure: signal.aborted ? "timeout" : "closed", isStale: false });
      });
      request.on("upgrade", ({ statusCode = 0 }, socket) => {
        socket.destroy();
        resolve({ failure: `status ${statusCode}`, isStale: false });
      });
      request.on("error", (error: NodeJS.ErrnoException) => {
        if (isAnswered) return;
        const failure = signal.aborted ? "timeout" : (error.code ?? error.name);
        resolve({ failure, isStale: request.reusedSocket && error.code === "ECONNRESET" });
      });
      request.on("response", (response) => {
        isAnswered = true;
        const { statusCode = 0 } = response;
        const failure = statusCode >= 200 && statusCode < 300 ? null : `status ${statusCode}`;
        let bytes = 0;
        response.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > MAX_ANSWER_BYTES) response.destroy();
        });
        response.on("error", () => {});
        response.on("close", () => resolve({ failure, isStale: false }));
      });
      request.end(body);
    });
  }
}
