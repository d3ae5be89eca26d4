import { describe, expect, it } from "vitest";
import { ClientAddresses, type ForwardedHeader, networkOf, parseRange } from "./forwarded.js";

const TRUSTED = ["10.0.0.0/8", "::1", "2001:db8:ffff::/48"];

function from(
  remoteAddress: string | undefined,
  value?: string,
  header: ForwardedHeader = "x-forwarded-for",
  trusted = TRUSTED,
): string {
  const headers = value === undefined ? {} : { [header]: value };
  return new ClientAddresses(trusted, header).of({ headers, socket: { remoteAddress } });
}

describe("the address of a client", () => {
  it.each([
    { what: "is the peer's where nobody is trusted", peer: "192.0.2.1", value: "198.51.100.1", trusted: [] },
    { what: "is the peer's that is not trusted", peer: "192.0.2.1", value: "198.51.100.1" },
    { what: "is a trusted peer's own without the header", peer: "10.0.0.1", is: "10.0.0.1" },
    { what: "is what a trusted peer says", peer: "10.0.0.1", value: "192.0.2.1" },
    { what: "is the last that no trusted one added", peer: "10.0.0.1", value: "1.1.1.1, 192.0.2.1, 10.2.2.2" },
    { what: "is the first when all are trusted", peer: "10.0.0.1", value: "10.3.3.3,10.2.2.2", is: "10.3.3.3" },
    { what: "is the last that was believed before nonsense", peer: "10.0.0.1", value: "1.1.1.1, x", is: "10.0.0.1" },
    { what: "has no port", peer: "10.0.0.1", value: "192.0.2.1:4711" },
    { what: "is IPv4 where that is mapped into IPv6", peer: "::ffff:192.0.2.1" },
    { what: "is trusted where IPv4 is mapped into IPv6", peer: "::ffff:10.0.0.1", value: "192.0.2.1" },
    { what: "is IPv6 in its shortest form", peer: "::1", value: "[2001:DB8:0:0::1]:80", is: "2001:db8::1" },
    { what: "has no zone", peer: "fe80::1%eth0", is: "fe80::1" },
    { what: "is none where the socket has none", peer: undefined, value: "192.0.2.1", is: "" },
  ])("$what", ({ peer, value, trusted, is = "192.0.2.1" }) => {
    expect(from(peer, value, "x-forwarded-for", trusted)).toBe(is);
  });

  it.each([
    { value: "for=192.0.2.1;proto=https;by=10.0.0.1", is: "192.0.2.1" },
    { value: 'proto=http; For="[2001:db8:cafe::17]:4711", for=10.1.1.1', is: "2001:db8:cafe::17" },
    { value: "for=1.1.1.1, for=_hidden", is: "10.0.0.1" },
  ])("is read from Forwarded: $value", ({ value, is }) => {
    expect(from("10.0.0.1", value, "forwarded")).toBe(is);
  });

  it("is not read from a header that the proxy does not write", () => {
    const addresses = new ClientAddresses(TRUSTED, "x-forwarded-for");
    const headers = { forwarded: "for=1.1.1.1", "x-forwarded-for": "192.0.2.1" };
    expect(addresses.of({ headers, socket: { remoteAddress: "10.0.0.1" } })).toBe("192.0.2.1");
  });

  it("counts by /64 where it is IPv6", () => {
    const networks = ["2001:db8::1", "2001:db8::ffff:0:0:1", "2001:db8:0:1::1", "::1", "1:2:3:4:5:6:7:8"].map(
      networkOf,
    );
    expect(networks).toEqual([
      "2001:db8:0:0::/64",
      "2001:db8:0:0::/64",
      "2001:db8:0:1::/64",
      "0:0:0:0::/64",
      "1:2:3:4::/64",
    ]);
    expect(networkOf("192.0.2.1")).toBe("192.0.2.1");
  });
});

it("a range is an address with or without a length that it can have", () => {
  expect(["10.0.0.0/8", "::1", "::ffff:10.0.0.0/104"].map(parseRange)).toEqual([
    { address: "10.0.0.0", bits: 8 },
    { address: "::1", bits: 128 },
    { address: "10.0.0.0", bits: 8 },
  ]);
  for (const bad of ["", "10.0.0.0/33", "::/129", "::ffff:10.0.0.0/8", "10.0.0.0/8/8", "example.com", "10.0.0/8"]) {
    expect(parseRange(bad), bad).toBeNull();
  }
});
