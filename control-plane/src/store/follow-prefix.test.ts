import { ManualClock } from "@headgate/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createEmbeddedStore } from "./embedded-store.ts";
import { type Following, followPrefix } from "./follow-prefix.ts";
import { CompactedError, type Store } from "./store.ts";

let clock: ManualClock;
let store: Store;
/** Thrown by listings and watches while it is set. */
let trouble: { list?: Error; watch?: Error };
let lists: number;
let seen: Map<string, string>;
let lost: unknown[];
let following: Following;
beforeEach(() => {
  clock = new ManualClock();
  store = createEmbeddedStore({ path: ":memory:", clock });
  trouble = {};
  lists = 0;
  seen = new Map();
  lost = [];
});
afterEach(async () => {
  await following[Symbol.asyncDispose]();
  await store.close();
});

describe("followPrefix()", () => {
  it("tells what there is, more than a page of it, then what changes, and nothing else", async () => {
    await write("/other", "x");
    for (let count = 0; count < 5; count++) await write(`/a/${count}`, "old");
    follow(2);
    await following.listed;
    await write("/a/3", "new");
    await store.transact({ writes: [{ type: "delete", key: "/a/0" }] });
    await write("/b", "x");
    await settled();
    expect([...seen].sort()).toEqual([
      ["/a/1", "old"],
      ["/a/2", "old"],
      ["/a/3", "new"],
      ["/a/4", "old"],
    ]);
    expect(lists).toBe(3);
  });

  it("goes on where it was after an error, without listing", async () => {
    await write("/a/1", "one");
    follow();
    await following.listed;
    trouble.watch = new Error("away");
    await write("/a/2", "two"); // Ends the watch that is open.
    await clock.advance(10_000);
    await write("/a/3", "three");
    trouble = {};
    await clock.advance(10_000);
    expect([...seen.keys()].sort()).toEqual(["/a/1", "/a/2", "/a/3"]);
    expect(lists).toBe(1);
    expect(lost.length).toBeGreaterThan(0);
  });

  it("lists again after a compaction, at a pace that slows down", async () => {
    follow();
    await following.listed;
    trouble.watch = new CompactedError(7);
    await write("/a/1", "missed");
    await clock.advance(60_000);
    expect(seen.get("/a/1")).toBe("missed");
    expect(lists).toBeGreaterThan(3);
    // Full jitter up to 5 seconds: 600 a minute would be no pause at all.
    expect(lists).toBeLessThan(60);
  });

  it("waits for a store that is not there at first", async () => {
    trouble.list = new Error("away");
    follow();
    await clock.advance(20_000);
    expect(following.isListed).toBe(false);
    trouble = {};
    await clock.advance(10_000);
    await following.listed;
    expect(following.isListed).toBe(true);
  });

  it("ends while it waits", async () => {
    trouble.list = new Error("away");
    follow();
    await clock.advance(1_000);
    await following[Symbol.asyncDispose]();
    const before = lost.length;
    await clock.advance(60_000);
    expect(lost).toHaveLength(before);
  });
});

function follow(pageSize = 10_000): void {
  const troubled: Store = {
    ...bound(store),
    list: async (prefix, options) => {
      if (trouble.list) throw trouble.list;
      lists += 1;
      return store.list(prefix, { ...options, limit: pageSize });
    },
    watch: async function* (prefix, options) {
      if (trouble.watch) throw trouble.watch;
      for await (const batch of store.watch(prefix, options)) {
        if (trouble.watch) throw trouble.watch;
        yield batch;
      }
    },
  };
  following = followPrefix({
    store: troubled,
    prefix: "/a/",
    clock,
    random: () => 0.5,
    onList: (entries) => {
      seen = new Map(entries.map(({ key, value }) => [key, Buffer.from(value).toString()]));
    },
    onChanges: ({ changes }) => {
      for (const change of changes) {
        if (change.type === "delete") seen.delete(change.key);
        else seen.set(change.entry.key, Buffer.from(change.entry.value).toString());
      }
    },
    onLost: (reason) => lost.push(reason),
  });
}

function bound(inner: Store): Store {
  return {
    get: (...call) => inner.get(...call),
    list: (...call) => inner.list(...call),
    transact: (...call) => inner.transact(...call),
    watch: (...call) => inner.watch(...call),
    grantLease: (...call) => inner.grantLease(...call),
    compact: (...call) => inner.compact(...call),
    close: () => inner.close(),
  };
}

async function write(key: string, value: string): Promise<void> {
  await store.transact({ writes: [{ type: "put", key, value: Buffer.from(value) }] });
}

/** What was written has been told. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}
