import type { IncomingMessage } from "node:http";
import { expect, it } from "vitest";
import { Callers } from "./callers.js";
import { ClientAddresses } from "./forwarded.js";
import { addressLimitsSchema } from "./schema.js";

let now = 1_700_000_000_000;

function callers(limits: object) {
  const all = new Callers(addressLimitsSchema.parse(limits), new ClientAddresses([], "x-forwarded-for"), {
    now: () => now,
  });
  const of = (remoteAddress: string) => all.of({ headers: {}, socket: { remoteAddress } } as IncomingMessage);
  return { all, of };
}

it("[LM1] an address is refused over its limit, by the limit's name, and no other address is", () => {
  const { of } = callers({ connections: 2, connectsPerSecond: 1, requestsPerSecond: 1, bytesPerSecond: 100 });
  const ends = [of("192.0.2.1").open(), of("192.0.2.1").open()];
  expect(of("192.0.2.1").connect()).toMatchObject({ code: "throttled", limit: "addressLimits.connections" });
  expect(of("192.0.2.2").connect()).toBeNull();
  ends[0]?.();
  expect(of("192.0.2.1").connect()).toBeNull();
  for (let request = 0; request < 10; request++) expect(of("192.0.2.1").request()).toBeNull();
  expect(of("192.0.2.1").request()).toMatchObject({ limit: "addressLimits.requestsPerSecond" });
  now += 1000;
  expect(of("192.0.2.1").request()).toBeNull();
  expect(of("192.0.2.1").receive(1000)).toBeNull();
  expect(of("192.0.2.1").receive(1)).toMatchObject({ limit: "addressLimits.bytesPerSecond" });
});

it("[LM2] IPv6 addresses of one /64 are one", () => {
  const { of } = callers({ connections: 1 });
  of("2001:db8::1").open();
  expect(of("2001:db8::2").connect()).toMatchObject({ message: expect.stringContaining("2001:db8:0:0::/64") });
  expect(of("2001:db8:0:1::1").connect()).toBeNull();
});

it("[LM3] addresses that have nothing open are forgotten when their rates are whole again, others are not", () => {
  const { all, of } = callers({ connections: 1, connectsPerSecond: 1 });
  const end = of("10.0.0.1").open();
  for (let host = 2; host < 200; host++) of(`10.0.0.${host}`).connect();
  expect(all.size).toBe(199);
  now += 10_001;
  of("10.0.1.1").connect();
  expect(all.size).toBe(2);
  expect(of("10.0.0.1").connect()).toMatchObject({ limit: "addressLimits.connections" });
  end();
  now += 10_001;
  of("10.0.1.2").connect();
  expect(all.size).toBe(1);
});

it("nothing is remembered where nothing is limited", () => {
  const { all, of } = callers({});
  of("10.0.0.1").open()();
  expect([of("10.0.0.1").connect(), of("10.0.0.1").request(), of("10.0.0.1").receive(1e9)]).toEqual([null, null, null]);
  expect(all.size).toBe(0);
});
