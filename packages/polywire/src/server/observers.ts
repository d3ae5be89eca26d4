import type { HubObserver } from "../core/observer.js";

/** Tells each of them what it wants to hear of. */
export class Observers implements HubObserver {
  readonly #all: Partial<HubObserver>[];

  constructor(...observers: readonly Partial<HubObserver>[]) {
    this.#all = [...observers];
  }

  add(observer: Partial<HubObserver>): void {
    this.#all.push(observer);
  }

  connected(...said: Parameters<HubObserver["connected"]>): void {
    for (const each of this.#all) each.connected?.(...said);
  }

  disconnected(...said: Parameters<HubObserver["disconnected"]>): void {
    for (const each of this.#all) each.disconnected?.(...said);
  }

  subscriptions(...said: Parameters<HubObserver["subscriptions"]>): void {
    for (const each of this.#all) each.subscriptions?.(...said);
  }

  counted(...said: Parameters<HubObserver["counted"]>): void {
    for (const each of this.#all) each.counted?.(...said);
  }

  subscriptionCount(...said: Parameters<HubObserver["subscriptionCount"]>): void {
    for (const each of this.#all) each.subscriptionCount?.(...said);
  }

  presence(...said: Parameters<HubObserver["presence"]>): void {
    for (const each of this.#all) each.presence?.(...said);
  }

  lifecycle(...said: Parameters<HubObserver["lifecycle"]>): void {
    for (const each of this.#all) each.lifecycle?.(...said);
  }

  user(...said: Parameters<HubObserver["user"]>): void {
    for (const each of this.#all) each.user?.(...said);
  }

  cacheMissed(...said: Parameters<HubObserver["cacheMissed"]>): void {
    for (const each of this.#all) each.cacheMissed?.(...said);
  }

  published(...said: Parameters<HubObserver["published"]>): void {
    for (const each of this.#all) each.published?.(...said);
  }

  publishedEphemeral(...said: Parameters<HubObserver["publishedEphemeral"]>): void {
    for (const each of this.#all) each.publishedEphemeral?.(...said);
  }

  delivered(...said: Parameters<HubObserver["delivered"]>): void {
    for (const each of this.#all) each.delivered?.(...said);
  }
}
