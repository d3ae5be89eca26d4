import { describe, expect, test } from "vitest";
import { connect, subscribe, unique } from "../support/client.js";
import { jsonOf, refusedWith, sdk } from "../support/http-api.js";

type Params = Readonly<Record<string, string>>;

const get = (path: string, params: Params = {}) => jsonOf(sdk().get({ path, params }));
const refused = (path: string, params: Params = {}) => refusedWith(sdk().get({ path, params }));

/** A presence channel with ann once and bob twice. */
async function inhabited(prefix = "presence"): Promise<string> {
  const name = unique(prefix);
  for (const user_id of ["ann", "bob", "bob"]) await subscribe(await connect({ user: { user_id } }), name);
  return name;
}

describe("GET /channels", () => {
  test("lists the occupied channels", async () => {
    const [occupied, left] = [unique("public"), unique("public")];
    const pusher = await connect();
    await subscribe(pusher, occupied);
    await subscribe(pusher, left);
    pusher.unsubscribe(left);

    await expect
      .poll(() => get("/channels"))
      .toEqual({ channels: expect.not.objectContaining({ [left]: expect.anything() }) });
    expect(await get("/channels")).toEqual({ channels: expect.objectContaining({ [occupied]: {} }) });
  });

  test("lists those that begin with filter_by_prefix", async () => {
    const prefix = unique("a");
    const pusher = await connect();
    for (const name of [`${prefix}-1`, `${prefix}-2`, `b-${prefix}`]) await subscribe(pusher, name);

    expect(await get("/channels", { filter_by_prefix: prefix })).toEqual({
      channels: { [`${prefix}-1`]: {}, [`${prefix}-2`]: {} },
    });
  });

  test("tells user_count and subscription_count of presence channels", async () => {
    const name = await inhabited();

    expect(await get("/channels", { filter_by_prefix: name, info: "user_count" })).toEqual({
      channels: { [name]: { user_count: 2 } },
    });
    expect(await get("/channels", { filter_by_prefix: name, info: "user_count,subscription_count" })).toEqual({
      channels: { [name]: { user_count: 2, subscription_count: 3 } },
    });
  });

  test("tells the subscription_count of any channel", async () => {
    const name = unique("private");
    for (const pusher of [await connect(), await connect()]) await subscribe(pusher, name);

    expect(await get("/channels", { filter_by_prefix: name, info: "subscription_count" })).toEqual({
      channels: { [name]: { subscription_count: 2 } },
    });
  });

  test.each<[string, Params]>([
    ["user_count without a prefix", { info: "user_count" }],
    ["user_count of public channels", { info: "user_count", filter_by_prefix: "public-" }],
    ["an attribute that is none", { info: "weather" }],
  ])("refuses %s with 400", async (_what, params) => {
    expect(await refused("/channels", params)).toEqual({ status: 400, body: expect.stringMatching(/\w+ \w+/) });
  });

  test("does not list the channels of another app", async () => {
    const name = unique("public");
    await subscribe(await connect({ app: "other" }), name);

    expect(await get("/channels", { filter_by_prefix: name })).toEqual({ channels: {} });
    expect(await jsonOf(sdk("other").get({ path: "/channels", params: { filter_by_prefix: name } }))).toEqual({
      channels: { [name]: {} },
    });
  });
});

describe("GET /channels/{name}", () => {
  test("tells whether it is occupied", async () => {
    const name = unique("public");
    await subscribe(await connect(), name);

    expect(await get(`/channels/${name}`)).toEqual({ occupied: true });
    expect(await get(`/channels/${unique("public")}`)).toEqual({ occupied: false });
  });

  test("tells user_count and subscription_count", async () => {
    const name = await inhabited();

    expect(await get(`/channels/${name}`, { info: "user_count,subscription_count" })).toEqual({
      occupied: true,
      user_count: 2,
      subscription_count: 3,
    });
    expect(await get(`/channels/${name}`, { info: "subscription_count" })).toEqual({
      occupied: true,
      subscription_count: 3,
    });
  });

  test("tells what a cache channel holds", async () => {
    const name = unique("cache");
    await sdk().trigger(name, "event", { version: 1 });

    expect(await get(`/channels/${name}`, { info: "cache" })).toEqual({
      occupied: false,
      cache: { data: '{"version":1}', ttl: expect.any(Number) },
    });
    expect(await get(`/channels/${unique("cache")}`, { info: "cache" })).toEqual({ occupied: false });
  });

  test.each<[string, Params]>([
    ["user_count of a public channel", { info: "user_count" }],
    ["cache of a channel without one", { info: "cache" }],
    ["an attribute that is none", { info: "weather" }],
  ])("refuses %s with 400", async (_what, params) => {
    expect((await refused(`/channels/${unique("public")}`, params)).status).toBe(400);
  });

  test("refuses a name that is none with 400", async () => {
    expect((await refused("/channels/a:b")).status).toBe(400);
  });

  test.each([["a=b"], ["a@b"], ["a,b"], ["a.b"], ["a;b"], ["a_b-C9"]])("finds %s", async (start) => {
    const name = unique(start);
    await subscribe(await connect(), name);

    expect(await get(`/channels/${name}`)).toEqual({ occupied: true });
  });
});

describe("GET /channels/{name}/users", () => {
  test("lists each user of a presence channel once", async () => {
    const name = await inhabited();
    const { users } = (await get(`/channels/${name}/users`)) as { users: { id: string }[] };

    expect(users.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual([{ id: "ann" }, { id: "bob" }]);
  });

  test("lists those of a presence-cache- channel", async () => {
    const name = await inhabited("presence-cache");

    expect(await get(`/channels/${name}/users`)).toEqual({
      users: expect.arrayContaining([{ id: "ann" }, { id: "bob" }]),
    });
  });

  test("is an empty list for a presence channel that nobody is in", async () => {
    expect(await get(`/channels/${unique("presence")}/users`)).toEqual({ users: [] });
  });

  test("refuses a channel that is no presence channel with 400", async () => {
    const name = unique("public");
    await subscribe(await connect(), name);

    expect((await refused(`/channels/${name}/users`)).status).toBe(400);
  });
});
