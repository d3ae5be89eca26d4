import { expect, type Locator } from "@playwright/test";
import { CLIENT_NAMES, type ClientName } from "../../lib/room";
import type { ChatPage } from "./chat-page";

/** Each comes back in its own time, the browser's EventSource and socket.io-client among them. Milliseconds. */
const RECONNECTION = { timeout: 30_000 };

/** The page of the four clients, by what a person finds on it. */
export class ClientsPage {
  constructor(readonly chat: ChatPage) {}

  panel(client: ClientName): Locator {
    return this.chat.page.getByRole("region", { name: client, exact: true });
  }

  box(client: ClientName): Locator {
    return this.chat.page.getByRole("textbox", { name: `Send by ${client}` });
  }

  texts(client: ClientName): Locator {
    return this.panel(client).getByRole("log").locator("li p:last-child");
  }

  async say(client: ClientName, text: string): Promise<void> {
    await this.box(client).fill(text);
    await this.box(client).press("Enter");
    await expect(this.box(client)).toHaveValue("");
  }

  /** Waits until all four are in the room. */
  async areConnected(): Promise<void> {
    for (const client of CLIENT_NAMES) {
      await expect(this.panel(client).getByText("Connected", { exact: true })).toBeVisible(RECONNECTION);
    }
  }

  /** Waits until all four have shown it, once. */
  async show(text: string): Promise<void> {
    for (const client of CLIENT_NAMES) {
      await expect(this.texts(client).getByText(text, { exact: true })).toHaveCount(1);
    }
  }

  /** Waits until all four see these people. */
  async seePresent(names: readonly string[]): Promise<void> {
    for (const client of CLIENT_NAMES) {
      const present = this.panel(client).getByRole("list", { name: "Present" }).getByRole("listitem");
      await expect(present).toHaveCount(names.length);
      for (const name of names) await expect(present.filter({ hasText: name })).toHaveCount(1);
    }
  }
}

/** Goes there, and waits until all four are in the room. */
export async function openClients(chat: ChatPage): Promise<ClientsPage> {
  await chat.page.goto("/clients");
  const clients = new ClientsPage(chat);
  await clients.areConnected();
  return clients;
}
