import { expect, type Locator, type Page } from "@playwright/test";

/** A page of the chat, by what a person finds on it. */
export class ChatPage {
  readonly box: Locator;
  readonly send: Locator;
  readonly messages: Locator;
  readonly texts: Locator;
  readonly online: Locator;
  readonly list: Locator;
  readonly notifications: Locator;
  readonly typing: Locator;
  readonly complaint: Locator;
  /** Resolves when news come to the person who has opened the page; never, where there is no server. */
  isListening: Promise<void> = new Promise(() => {});

  constructor(readonly page: Page) {
    this.box = page.getByRole("textbox", { name: "Message" });
    this.send = page.getByRole("button", { name: "Send" });
    this.messages = page.getByRole("region", { name: "Messages" });
    this.texts = this.messages.locator("li p:last-child");
    this.online = page.getByRole("list", { name: "Online" }).getByRole("listitem");
    this.list = page.getByRole("list", { name: "Conversations" });
    this.notifications = page.getByRole("status", { name: "Notifications" });
    this.typing = page.getByRole("status").filter({ hasText: "typing" });
    // Next.js has an alert of its own, which announces pages.
    this.complaint = page.locator("form").getByRole("alert");
  }

  /** Another tab of the same browser. */
  async newTab(path: string): Promise<ChatPage> {
    const chat = new ChatPage(await this.page.context().newPage());
    await chat.page.goto(path);
    return chat;
  }

  async signIn(email: string, password: string): Promise<void> {
    await this.page.getByLabel("Email").fill(email);
    await this.page.getByLabel("Password").fill(password);
    await this.page.getByRole("button", { name: "Sign in" }).click();
  }

  async say(text: string): Promise<void> {
    await this.box.fill(text);
    await this.box.press("Enter");
  }

  /** Waits until it is subscribed, and that many people are there. */
  async seesOnline(count: number): Promise<void> {
    await expect(this.page.getByText(`${count} online`)).toBeVisible();
    await expect(this.online).toHaveCount(count);
  }

  /** Waits until exactly these messages are shown, stored, in this order. */
  async shows(texts: readonly string[]): Promise<void> {
    await expect(this.texts).toHaveText([...texts], { useInnerText: true });
    await expect(this.messages.getByText("Sending …")).toHaveCount(0);
  }

  /** The entry of that conversation in the list. */
  entry(conversationId: string): Locator {
    return this.list.locator(`a[href="/conversations/${conversationId}"]`);
  }

  /** Waits until the entry says that so many are unread. */
  async seesUnread(conversationId: string, count: number): Promise<void> {
    const badge = this.entry(conversationId).getByText(/^\d+ unread$/);
    if (count === 0) await expect(badge).toHaveCount(0);
    else await expect(badge).toHaveText(`${count} unread`);
  }
}

export const conversationPath = (id: string): string => `/conversations/${id}`;
