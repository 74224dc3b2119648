import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { TooLargeError } from "../resources/too-large-error.ts";
import { CompactedError } from "../store/store.ts";
import { StoreError } from "../store/store-error.ts";
import { storeWith, testAdminApi } from "./admin-api.fixture.ts";
import { connectErrorFrom, HiddenError, notFound } from "./admin-errors.ts";

describe("connectErrorFrom()", () => {
  it.each([
    {
      error: new StoreError("unavailable", "no quorum"),
      code: Code.Unavailable,
      says: "no quorum",
    },
    { error: new StoreError("locked", "locked"), code: Code.Unavailable, says: "locked" },
    { error: new StoreError("closed", "closed"), code: Code.Unavailable, says: "closed" },
    { error: new StoreError("full", "no room"), code: Code.ResourceExhausted, says: "no room" },
    { error: new CompactedError(7), code: Code.OutOfRange, says: /before revision 7/ },
    { error: new TooLargeError("too big"), code: Code.InvalidArgument, says: "too big" },
    { error: new HiddenError("key", "k"), code: Code.NotFound, says: "key k does not exist" },
    { error: notFound("key", "k"), code: Code.NotFound, says: "key k does not exist" },
  ])("makes of $error", ({ error, code, says }) => {
    const made = connectErrorFrom(error);
    expect(Code[made?.code ?? 0]).toBe(Code[code]);
    expect(made?.rawMessage).toMatch(says);
  });

  it.each([
    new StoreError("corrupt", "x"),
    new StoreError("io", "x"),
    new Error("x"),
    "x",
    undefined,
  ])("leaves what is ours: %s", (error) => {
    expect(connectErrorFrom(error)).toBeUndefined();
  });
});

it("answers a store that is full or away with its reason, in reads and in writes", async () => {
  const plane = testAdminApi();
  const failing = (error: Error) =>
    testAdminApi({
      store: storeWith(plane.store, {
        get: () => Promise.reject(error),
        list: () => Promise.reject(error),
        transact: () => Promise.reject(error),
      }),
    }).api;
  const away = failing(new StoreError("unavailable", "no etcd member answers"));
  for (const call of [
    () => away.getKey({ name: "k" }),
    () => away.listKeys({}),
    () => away.createTeam({ team: { name: "t" } }),
    () => away.apply({ resources: {} }),
    () => away.listAuditEntries({}),
    () => away.watchResources({})[Symbol.asyncIterator]().next(),
  ]) {
    const error = ConnectError.from(await call().catch((reason: unknown) => reason));
    expect(error).toMatchObject({ code: Code.Unavailable, rawMessage: "no etcd member answers" });
  }
  const full = failing(new StoreError("full", "there is no room"));
  await expect(full.createTeam({ team: { name: "t" } })).rejects.toMatchObject({
    code: Code.ResourceExhausted,
  });
  await plane.store.close();
});
