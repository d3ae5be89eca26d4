import type { Page, Request, Route } from "@playwright/test";

/** Messages that are on their way from this page to the server go through `handle`. */
export async function interceptSend(page: Page, handle: (route: Route) => Promise<void>): Promise<void> {
  await page.route("**/*", (route) => (isSend(route.request()) ? handle(route) : route.fallback()));
}

/** The first message that this page sends is stored, and the answer that says so is lost. */
export async function loseFirstAnswer(page: Page): Promise<void> {
  let isFirst = true;
  await interceptSend(page, async (route) => {
    if (!isFirst) return route.continue();
    isFirst = false;
    await route.fetch();
    await route.abort();
  });
}

/** The call of the action that stores a message, unlike the one that marks messages as read. */
const isSend = (request: Request): boolean =>
  request.method() === "POST" && "next-action" in request.headers() && `${request.postData()}`.includes('"content":');

/** A gate in the way of requests: they wait until it opens. */
export class Gate {
  #open = () => {};
  #reach = () => {};
  readonly #opened = new Promise<void>((resolve) => {
    this.#open = resolve;
  });
  readonly #reached = new Promise<void>((resolve) => {
    this.#reach = resolve;
  });

  open(): void {
    this.#open();
  }

  /** Resolves when the first request waits here. */
  reached(): Promise<void> {
    return this.#reached;
  }

  /** Resolves when it is open. */
  wait(): Promise<void> {
    this.#reach();
    return this.#opened;
  }

  readonly pass = async (route: Route): Promise<void> => {
    await this.wait();
    await route.continue();
  };
}
