import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { Allowance } from "../../core/allowance.js";
import { LimitError } from "../../core/errors.js";
import type { Runtime } from "../../core/runtime.js";
import { ClientAddresses, networkOf } from "./forwarded.js";
import { type AddressLimits, addressLimitsSchema } from "./schema.js";

/** How long the rates of an address that does nothing take to be whole again. */
const FORGET_MS = 10_000;
/** Addresses without a connection that are remembered. */
const MAX_KEPT = 100_000;

type Rate = Exclude<keyof AddressLimits, "connections">;

const WHAT: Readonly<Record<Rate, string>> = {
  connectsPerSecond: "connect",
  requestsPerSecond: "make requests",
  framesPerSecond: "send frames",
  bytesPerSecond: "send bytes",
};

/** Those who connect and ask, by address, and what each may do. */
export class Callers {
  readonly #accounts: Accounts | null;

  constructor(
    limits: AddressLimits,
    private readonly addresses: ClientAddresses,
    runtime: Pick<Runtime, "now">,
  ) {
    const isLimited = Object.values(limits).some((limit) => limit !== null);
    this.#accounts = isLimited ? new Accounts(limits, runtime) : null;
  }

  /** Addresses that are remembered. */
  get size(): number {
    return this.#accounts?.size ?? 0;
  }

  of(request: IncomingMessage): Caller {
    return new Caller(this.addresses.of(request), this.#accounts);
  }

  /** A socket was accepted. */
  accept(socket: Socket): void {
    const address = this.addresses.peer(socket);
    if (address !== null) this.#accounts?.accept(networkOf(address), socket);
  }
}

/** Who is at the other end of a request or a connection. */
export class Caller {
  constructor(
    readonly address: string,
    private readonly accounts: Accounts | null,
  ) {}

  /** Takes one connect. Answers why it may not be; null: it may. */
  connect(): LimitError | null {
    return this.accounts?.connect(networkOf(this.address)) ?? null;
  }

  /** Whether it has more sockets open than it may have connections: no request's is to be kept. */
  isCrowded(): boolean {
    return this.accounts?.isCrowded(networkOf(this.address)) ?? false;
  }

  /** Takes one HTTP request. */
  request(): LimitError | null {
    return this.accounts?.take(networkOf(this.address), "requestsPerSecond", 1) ?? null;
  }

  /** Takes one frame of so many bytes. */
  receive(bytes: number): LimitError | null {
    if (this.accounts === null) return null;
    const network = networkOf(this.address);
    return this.accounts.take(network, "framesPerSecond", 1) ?? this.accounts.take(network, "bytesPerSecond", bytes);
  }

  /** A connection is open from now on. The answer ends it, and is to be called once. */
  open(): () => void {
    const { accounts } = this;
    if (accounts === null) return NOTHING;
    const network = networkOf(this.address);
    accounts.opened(network);
    return () => accounts.closed(network);
  }
}

const NOTHING = (): void => {};

interface Account {
  open: number;
  usedAt: number;
  readonly rates: Map<Rate, Allowance>;
}

class Accounts {
  /** Of addresses that have a connection. */
  readonly #busy = new Map<string, Account>();
  /** Of others; by last use, oldest first. */
  readonly #idle = new Map<string, Account>();
  readonly #sockets = new Map<string, number>();

  constructor(
    private readonly limits: AddressLimits,
    private readonly runtime: Pick<Runtime, "now">,
  ) {}

  get size(): number {
    return this.#busy.size + this.#idle.size;
  }

  accept(network: string, socket: Socket): void {
    if (this.limits.connections === null) return;
    this.#sockets.set(network, (this.#sockets.get(network) ?? 0) + 1);
    socket.once("close", () => {
      const left = (this.#sockets.get(network) ?? 0) - 1;
      if (left > 0) this.#sockets.set(network, left);
      else this.#sockets.delete(network);
    });
  }

  isCrowded(network: string): boolean {
    const { connections } = this.limits;
    return connections !== null && (this.#sockets.get(network) ?? 0) > connections;
  }

  connect(network: string): LimitError | null {
    const tooFast = this.take(network, "connectsPerSecond", 1);
    if (tooFast !== null) return tooFast;
    const { connections } = this.limits;
    if (connections !== null && this.#use(network).open >= connections) {
      return new LimitError(
        "throttled",
        "addressLimits.connections",
        `${network} has ${connections} open connections, which is what an address may have (addressLimits.connections).`,
        "Close some, or try again later.",
      );
    }
    return null;
  }

  take(network: string, rate: Rate, cost: number): LimitError | null {
    const perSecond = this.limits[rate];
    if (perSecond === null) return null;
    const now = this.runtime.now();
    const { rates } = this.#use(network);
    let allowance = rates.get(rate);
    if (allowance === undefined) {
      allowance = new Allowance(perSecond, now);
      rates.set(rate, allowance);
    }
    if (allowance.take(now, cost)) return null;
    return new LimitError(
      "throttled",
      `addressLimits.${rate}`,
      `${network} may not ${WHAT[rate]} so fast: ${perSecond} a second (addressLimits.${rate}).`,
      "Try again in a second.",
    );
  }

  opened(network: string): void {
    const account = this.#use(network);
    account.open += 1;
    this.#idle.delete(network);
    this.#busy.set(network, account);
  }

  closed(network: string): void {
    const account = this.#busy.get(network);
    if (account === undefined) return;
    account.open -= 1;
    if (account.open > 0) return;
    this.#busy.delete(network);
    this.#idle.set(network, account);
    account.usedAt = this.runtime.now();
  }

  #use(network: string): Account {
    const busy = this.#busy.get(network);
    if (busy !== undefined) return busy;
    const now = this.runtime.now();
    const account = this.#idle.get(network) ?? { open: 0, usedAt: now, rates: new Map() };
    account.usedAt = now;
    this.#idle.delete(network);
    this.#idle.set(network, account);
    this.#forget(now);
    return account;
  }

  /** What is whole again is as good as new. */
  #forget(now: number): void {
    for (const [network, { usedAt }] of this.#idle) {
      if (usedAt > now - FORGET_MS && this.#idle.size <= MAX_KEPT) return;
      this.#idle.delete(network);
    }
  }
}

/** Knows addresses, and limits none. */
export const UNLIMITED = new Callers(addressLimitsSchema.parse({}), new ClientAddresses([], "x-forwarded-for"), Date);
