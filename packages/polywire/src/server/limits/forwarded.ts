import type { IncomingMessage } from "node:http";
import { BlockList, isIPv4, isIPv6 } from "node:net";

/** Where proxies write whom they speak for: what most have, or RFC 7239. */
export type ForwardedHeader = "x-forwarded-for" | "forwarded";

/** What is read of a request. */
type Asked = Pick<IncomingMessage, "headers"> & { readonly socket: { readonly remoteAddress?: string | undefined } };

const MAPPED = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;
const CIDR = /^([^/]+)(?:\/(\d{1,3}))?$/;
const MAPPED_BITS = 96;

/** Tells who sent a request, through the proxies that are trusted to say so. */
export class ClientAddresses {
  readonly #trusted = new BlockList();
  readonly #trustsAny: boolean;

  /**
   * @param trusted addresses and ranges of proxies: `10.0.0.0/8`, `::1`
   * @param header the one that these proxies write; another one may be the client's own
   */
  constructor(
    trusted: readonly string[],
    private readonly header: ForwardedHeader,
  ) {
    this.#trustsAny = trusted.length > 0;
    for (const text of trusted) {
      const range = parseRange(text);
      if (range === null) throw new RangeError(`${text} is no range of addresses`);
      this.#trusted.addSubnet(range.address, range.bits, familyOf(range.address));
    }
  }

  /** The nearest address that is no trusted proxy's, in one form whichever way it was written; `""`: none is known. */
  of({ socket, headers }: Asked): string {
    let address = addressOf(socket);
    if (!this.#isTrusted(address)) return address;
    // Each proxy adds whom it heard, at the end: what stands before the last that is trusted may be anybody's invention.
    for (const hop of hopsOf(String(headers[this.header] ?? ""), this.header).reverse()) {
      const next = normalize(hop);
      if (next === null) return address;
      address = next;
      if (!this.#isTrusted(address)) return address;
    }
    return address;
  }

  /** Who is at the other end of a socket; null: a trusted proxy, whose sockets are many people's. */
  peer(socket: Asked["socket"]): string | null {
    const address = addressOf(socket);
    return this.#isTrusted(address) ? null : address;
  }

  #isTrusted(address: string): boolean {
    return this.#trustsAny && address !== "" && this.#trusted.check(address, familyOf(address));
  }
}

const addressOf = ({ remoteAddress }: Asked["socket"]): string => normalize(remoteAddress ?? "") ?? "";

/** An address or a range of them; null: it is none. */
export function parseRange(text: string): { readonly address: string; readonly bits: number } | null {
  const [, written = "", suffix] = CIDR.exec(text) ?? [];
  const address = normalize(written);
  if (address === null) return null;
  const width = isIPv4(address) ? 32 : 128;
  const isMapped = isIPv4(address) && !isIPv4(written);
  const bits = suffix === undefined ? width : Number(suffix) - (isMapped ? MAPPED_BITS : 0);
  return bits >= 0 && bits <= width ? { address, bits } : null;
}

/** What counts as one client: an IPv4 address, or the /64 that an IPv6 address is of, for who has one has all of these. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = "", tail] = address.split("::");
  const first = head.split(":").filter(Boolean);
  const last = (tail ?? "").split(":").filter(Boolean);
  const groups = tail === undefined ? first : [...first, ...Array(8 - first.length - last.length).fill("0"), ...last];
  return `${groups.slice(0, 4).join(":")}::/64`;
}

/** The shortest form, IPv4 where it is one that is mapped into IPv6; null: it is no address. */
function normalize(written: string): string | null {
  const text = written.replace(/%.*$/, "");
  if (isIPv4(text)) return text;
  if (!isIPv6(text)) return null;
  const address = new URL(`http://[${text}]`).hostname.slice(1, -1);
  const [, high, low] = MAPPED.exec(address) ?? [];
  if (high === undefined || low === undefined) return address;
  const bits = Number.parseInt(high, 16) * 0x10000 + Number.parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 0xff).join(".");
}

const familyOf = (address: string): "ipv4" | "ipv6" => (isIPv4(address) ? "ipv4" : "ipv6");

/** The addresses of a header, without ports, as they stand; what is none stays what it is. */
function hopsOf(value: string, header: ForwardedHeader): string[] {
  if (value === "") return [];
  const elements = value.split(",");
  const nodes = header === "forwarded" ? elements.map(forOf) : elements;
  return nodes.map((node) => {
    const text = node.trim();
    return /^\[([^\]]+)\](:\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  });
}

/** RFC 7239, 4: `for=192.0.2.60;proto=http`, `For="[2001:db8::1]:4711"`. */
const forOf = (element: string): string => /(?:^|;)\s*for="?([^";]+)"?/i.exec(element)?.[1] ?? "";
