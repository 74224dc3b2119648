import { describe, expect, it, vi } from "vitest";
import {
  CompactedError,
  type Store,
  storeLimits,
  type TransactionResult,
  type WatchBatch,
  type Write,
} from "./store.ts";
import { storeProperties } from "./store-properties.conformance.ts";

export interface StoreUnderTest {
  /** Empty at first. */
  readonly store: Store;
  /** Let time pass for the leases of the store. */
  advance(ms: number): Promise<void>;
  /** Close the store and open what it kept; `store` is of no use then. Absent if nothing is kept. */
  reopen?(): Promise<Store>;
  dispose(): Promise<void>;
}

/**
 * What every Store does, whatever it is made of. Revisions need not be dense, watches and leases
 * may be late: only order and atomicity are asked for, and that all comes in the end.
 */
export function storeConformance(name: string, makeStore: () => Promise<StoreUnderTest>): void {
  const using = (body: (made: StoreUnderTest) => Promise<void>) => async () => {
    const made = await makeStore();
    try {
      await body(made);
    } finally {
      await made.dispose();
    }
  };

  describe(`${name}: reading and writing`, () => {
    it(
      "knows nothing at first",
      using(async ({ store }) => {
        const read = await store.get("/a");
        expect(read.value).toBeUndefined();
        expect(read.revision).toBeGreaterThanOrEqual(1);
        expect(await store.list("")).toMatchObject({ value: [], more: false });
      }),
    );

    it(
      "tells who created a key and who wrote it last",
      using(async ({ store }) => {
        const created = await put(store, "/a", "one");
        const written = await put(store, "/a", "two");
        expect(written).toBeGreaterThan(created);
        const entry = {
          key: "/a",
          value: bytes("two"),
          createRevision: created,
          revision: written,
        };
        expect((await store.get("/a")).value).toEqual(entry);
        await remove(store, "/a");
        expect((await store.get("/a")).value).toBeUndefined();
        const again = await put(store, "/a", "three");
        expect((await store.get("/a")).value).toMatchObject({ createRevision: again });
      }),
    );

    it.each([
      { name: "no bytes", value: new Uint8Array() },
      { name: "every byte", value: Uint8Array.from({ length: 256 }, (_, index) => index) },
      { name: "the most bytes", value: new Uint8Array(storeLimits.valueBytesMax).fill(7) },
    ])("keeps a value of $name", async ({ value }) => {
      await using(async ({ store }) => {
        await store.transact({ writes: [{ type: "put", key: "/a", value }] });
        const read = (await store.get("/a")).value?.value;
        expect(Buffer.compare(read ?? bytes("none"), value)).toBe(0);
      })();
    });

    it(
      "keeps its own copy of a value",
      using(async ({ store }) => {
        const value = bytes("one");
        await store.transact({ writes: [{ type: "put", key: "/a", value }] });
        value.fill(0);
        (await store.get("/a")).value?.value.fill(0);
        expect(await textAt(store, "/a")).toBe("one");
      }),
    );

    it(
      "lists by the bytes of the keys, and takes a prefix as it is",
      using(async ({ store }) => {
        const keys = ["p%", "p%a", "p%a\0", "p%a b", "p%a_", "p%é", "p%\uffff", "p%\u{10000}"];
        for (const key of [...keys, "p", "q", "p$", "pxa"].toReversed()) await put(store, key, key);
        expect((await store.list("p%")).value.map((entry) => entry.key)).toEqual(keys);
        expect((await store.list("p%a_")).value.map((entry) => entry.key)).toEqual(["p%a_"]);
        expect((await store.list("")).value).toHaveLength(12);
        const behind = await store.list("p%\u{10000}", { after: "p%\uffff" });
        expect(behind.value.map((entry) => entry.key)).toEqual(["p%\u{10000}"]);
        expect((await store.list("p%", { after: "q" })).value).toEqual([]);
      }),
    );

    it(
      "pages through one revision while others write",
      using(async ({ store }) => {
        for (const key of ["/a", "/b", "/c", "/d", "/e"]) await put(store, key, "old");
        const first = await store.list("/", { limit: 2 });
        await put(store, "/c", "new");
        await remove(store, "/d");
        await put(store, "/bb", "new");
        const { revision } = first;
        const second = await store.list("/", { limit: 2, after: "/b", revision });
        const third = await store.list("/", { limit: 2, after: "/d", revision });
        expect([first, second, third].map(({ more }) => more)).toEqual([true, true, false]);
        const entries = [first, second, third].flatMap(({ value }) => value);
        expect(entries.map(({ key }) => key)).toEqual(["/a", "/b", "/c", "/d", "/e"]);
        expect(entries.map(({ value }) => text(value))).toEqual(Array(5).fill("old"));
        expect(third.revision).toBe(revision);
        expect(await store.list("/", { limit: 5 })).toMatchObject({ more: false });
      }),
    );

    it(
      "reads a key as it was",
      using(async ({ store }) => {
        const before = await put(store, "/other", "x");
        const one = await put(store, "/a", "one");
        const two = await put(store, "/a", "two");
        const gone = await remove(store, "/a");
        const at = async (revision: number) => textAt(store, "/a", revision);
        expect(await Promise.all([before, one, two, gone].map(at))).toEqual([
          undefined,
          "one",
          "two",
          undefined,
        ]);
        expect((await store.get("/a", { revision: one })).revision).toBe(one);
      }),
    );

    it.each([
      { name: "a future revision", read: (store: Store) => store.get("/a", { revision: 1e12 }) },
      { name: "revision 0", read: (store: Store) => store.get("/a", { revision: 0 }) },
      { name: "a limit of 0", read: (store: Store) => store.list("/", { limit: 0 }) },
      { name: "a limit over 10,000", read: (store: Store) => store.list("/", { limit: 10_001 }) },
      { name: "a future compaction", read: (store: Store) => store.compact(1e12) },
      { name: "a lease of no time", read: (store: Store) => store.grantLease(0) },
    ])("refuses $name", async ({ read }) => {
      await using(async ({ store }) => {
        await expect(read(store)).rejects.toThrow(RangeError);
      })();
    });
  });

  describe(`${name}: transactions`, () => {
    it(
      "writes all in one revision",
      using(async ({ store }) => {
        await put(store, "/gone", "x");
        const { revision } = await store.transact({
          writes: [putOf("/a", "1"), putOf("/b", "2"), { type: "delete", key: "/gone" }],
        });
        const { value } = await store.list("/");
        expect(value.map((entry) => [entry.key, entry.revision])).toEqual([
          ["/a", revision],
          ["/b", revision],
        ]);
      }),
    );

    it(
      "writes nothing when a compare fails, and names the keys at fault",
      using(async ({ store }) => {
        const revision = await put(store, "/a", "1");
        const result = await store.transact({
          compare: [
            { key: "/a", revision },
            { key: "/b", revision },
            { key: "/a", revision: 0 },
            { key: "/absent", revision: 0 },
          ],
          writes: [putOf("/a", "2"), putOf("/c", "2")],
        });
        expect(result).toMatchObject({ ok: false });
        if (!result.ok) expect(result.conflicts.toSorted()).toEqual(["/a", "/b"]);
        expect(await textAt(store, "/a")).toBe("1");
        expect(await textAt(store, "/c")).toBeUndefined();
      }),
    );

    // "/a" was written twice; its revisions are `created` and `written`.
    const compares = [
      { holds: true, key: "/a", target: "revision", of: "written" },
      { holds: false, key: "/a", target: "revision", of: "created" },
      { holds: true, key: "/a", target: "createRevision", of: "created" },
      { holds: false, key: "/a", target: "createRevision", of: "written" },
      { holds: false, key: "/a", target: "revision", of: "none" },
      { holds: false, key: "/a", target: "createRevision", of: "none" },
      { holds: true, key: "/b", target: "revision", of: "none" },
      { holds: true, key: "/b", target: "createRevision", of: "none" },
      { holds: false, key: "/b", target: "revision", of: "written" },
    ] as const;
    it.each(compares)(
      "compares $key: $target is $of: $holds",
      async ({ holds, key, target, of }) => {
        await using(async ({ store }) => {
          const created = await put(store, "/a", "1");
          const written = await put(store, "/a", "2");
          const revision = { created, written, none: 0 }[of];
          const compare = [{ key, target, revision }];
          expect((await store.transact({ compare, writes: [putOf("/c", "3")] })).ok).toBe(holds);
        })();
      },
    );

    it(
      "makes no revision of what changes nothing",
      using(async ({ store }) => {
        const from = (await store.get("/a")).revision + 1;
        const nothing = await store.transact({ writes: [{ type: "delete", key: "/a" }] });
        const compared = await store.transact({
          compare: [{ key: "/a", revision: 0 }],
          writes: [],
        });
        const empty = await store.transact({ writes: [] });
        expect([nothing.ok, compared.ok, empty.ok]).toEqual([true, true, true]);
        const revision = await put(store, "/a", "1");
        expect(compared.revision).toBeLessThan(revision);
        expect(await take(store, "/", from, 1)).toMatchObject([{ revision }]);
      }),
    );

    const large = (key: string) => putOf(key, "x".repeat(storeLimits.transactionBytesMax / 2));
    const many = (count: number): Write[] =>
      Array.from({ length: count }, (_, index) => putOf(`/${index}`, "x"));
    it.each([
      { name: "an empty key", writes: [putOf("", "x")] },
      { name: "half a character", writes: [putOf("\ud800", "x")] },
      { name: "a long key", writes: [putOf("é".repeat(513), "x")] },
      { name: "a large value", writes: [putOf("/a", "x".repeat(storeLimits.valueBytesMax + 1))] },
      { name: "large values", writes: [large("/a"), large("/b")] },
      { name: "a key twice", writes: [putOf("/a", "x"), { type: "delete", key: "/a" } as const] },
      { name: "129 writes", writes: many(129) },
    ])("refuses $name, and writes nothing", async ({ writes }) => {
      await using(async ({ store }) => {
        const transaction = { writes: [putOf("/before", "x"), ...writes] };
        await expect(store.transact(transaction)).rejects.toThrow(RangeError);
        expect((await store.list("")).value).toEqual([]);
      })();
    });

    it(
      "takes 128 writes",
      using(async ({ store }) => {
        await store.transact({ writes: many(128) });
        expect((await store.list("/")).value).toHaveLength(128);
      }),
    );

    it(
      "loses no increment of eight writers",
      using(async ({ store }) => {
        const writers = Array.from({ length: 8 }, () => incrementTimes(store, 25));
        await Promise.all(writers);
        expect(await textAt(store, "/counter")).toBe("200");
      }),
    );

    it(
      "lets one of eight create a key",
      using(async ({ store }) => {
        const create = (_: unknown, index: number): Promise<TransactionResult> =>
          store.transact({
            compare: [{ key: "/leader", revision: 0 }],
            writes: [putOf("/leader", String(index))],
          });
        const results = await Promise.all(Array.from({ length: 8 }, create));
        const winners = results.flatMap(({ ok }, index) => (ok ? [String(index)] : []));
        expect(winners).toEqual([await textAt(store, "/leader")]);
      }),
    );
  });

  describe(`${name}: watching`, () => {
    it(
      "tells the history, then what happens, each once and in order",
      using(async ({ store }) => {
        const first = await put(store, "/a", "0");
        const watch = watching(store, "/", first);
        const revisions = [first];
        for (let count = 1; count < 10; count++) revisions.push(await put(store, "/a", `${count}`));
        await watch.until(10);
        for (let count = 10; count < 20; count++)
          revisions.push(await put(store, "/a", `${count}`));
        const batches = await watch.until(20);
        await watch.stop();
        expect(batches.map(({ revision }) => revision)).toEqual(revisions);
        const values = batches.flatMap(({ changes }) => changes.map(describeChange));
        expect(values).toEqual(Array.from({ length: 20 }, (_, count) => `/a=${count}`));
      }),
    );

    it(
      "tells a transaction as one batch, without what is elsewhere",
      using(async ({ store }) => {
        const from = await put(store, "/in/gone", "x");
        await put(store, "/out", "x");
        const { revision } = await store.transact({
          writes: [
            putOf("/in/b", "2"),
            { type: "delete", key: "/in/gone" },
            putOf("/out", "3"),
            putOf("/in/a", "1"),
          ],
        });
        const [, batch] = await take(store, "/in/", from, 2);
        expect(batch?.revision).toBe(revision);
        const changes = batch?.changes.map(describeChange).toSorted();
        expect(changes).toEqual(["/in/a=1", "/in/b=2", "/in/gone deleted"]);
        const entry = { key: "/in/a", value: bytes("1"), createRevision: revision, revision };
        expect(batch?.changes).toContainEqual({ type: "put", entry });
      }),
    );

    it(
      "starts at a revision that is still to come",
      using(async ({ store }) => {
        const now = await put(store, "/a", "now");
        const watch = watching(store, "/", now + 3);
        for (let count = 1; count <= 5; count++) await put(store, "/a", `${count}`);
        const last = await put(store, "/a", "last");
        await watch.untilRevision(last);
        const batches = await watch.stop();
        expect(batches.map(({ revision }) => revision).every((at) => at >= now + 3)).toBe(true);
        expect(batches.at(-1)?.revision).toBe(last);
      }),
    );

    it(
      "misses nothing written while watches start",
      using(async ({ store }) => {
        const from = (await store.get("/a")).revision + 1;
        const watches = [];
        const revisions = [];
        for (let count = 0; count < 50; count++) {
          if (count % 10 === 0) watches.push(watching(store, "/", from));
          revisions.push(await put(store, `/${count % 7}`, `${count}`));
        }
        for (const watch of watches) {
          const batches = await watch.until(50);
          expect(batches.map(({ revision }) => revision)).toEqual(revisions);
          await watch.stop();
        }
      }),
    );

    it(
      "keeps what a slow watcher has not taken yet",
      using(async ({ store }) => {
        const stopper = new AbortController();
        const from = await put(store, "/a", "0");
        const batches = store.watch("/", { from, signal: stopper.signal })[Symbol.asyncIterator]();
        expect(changesOf((await batches.next()).value)).toEqual(["/a=0"]);
        for (let count = 1; count <= 300; count++) await put(store, "/a", `${count}`);
        for (let count = 1; count <= 300; count++) {
          expect(changesOf((await batches.next()).value)).toEqual([`/a=${count}`]);
        }
        stopper.abort();
        expect((await batches.next()).done).toBe(true);
      }),
    );

    it(
      "ends normally when aborted: at once, in the history, while waiting",
      using(async ({ store }) => {
        const from = await put(store, "/a", "1");
        await put(store, "/a", "2");
        const before = watching(store, "/", from, AbortSignal.abort());
        expect(await before.stop()).toEqual([]);
        expect(await take(store, "/", from, 1)).toHaveLength(1);
        const waiting = watching(store, "/", from);
        await waiting.until(2);
        expect(await waiting.stop()).toHaveLength(2);
      }),
    );
  });

  describe(`${name}: compaction`, () => {
    it(
      "forgets the past and keeps the present",
      using(async ({ store }) => {
        const old = await put(store, "/a", "old");
        await put(store, "/gone", "x");
        await remove(store, "/gone");
        const now = await put(store, "/a", "now");
        await store.compact(now);
        await store.compact(now);
        await store.compact(old);
        expect(await textAt(store, "/a")).toBe("now");
        expect(await textAt(store, "/a", now)).toBe("now");
        expect((await store.list("/", { revision: now })).value).toHaveLength(1);
        await expect(store.get("/a", { revision: old })).rejects.toThrow(CompactedError);
        await expect(store.list("/", { revision: old })).rejects.toThrow(CompactedError);
        expect(await put(store, "/a", "later")).toBeGreaterThan(now);
      }),
    );

    it(
      "tells a watcher to list again, who then misses nothing",
      using(async ({ store }) => {
        const old = await put(store, "/a", "1");
        const now = await put(store, "/a", "2");
        await store.compact(now);
        const failure = await failureOf(take(store, "/", old, 1));
        expect(failure).toBeInstanceOf(CompactedError);
        expect(failure).toMatchObject({ compactedRevision: now });
        const { revision } = await store.list("/");
        await put(store, "/a", "3");
        const [batch] = await take(store, "/", revision + 1, 1);
        expect(changesOf(batch)).toEqual(["/a=3"]);
      }),
    );

    it(
      "leaves a watcher alone that is past it",
      using(async ({ store }) => {
        const from = await put(store, "/a", "1");
        const watch = watching(store, "/", from);
        await watch.until(1);
        const now = await put(store, "/a", "2");
        await watch.until(2);
        await store.compact(now);
        await put(store, "/a", "3");
        const batches = await watch.until(3);
        expect(batches.flatMap(changesOf)).toEqual(["/a=1", "/a=2", "/a=3"]);
        await watch.stop();
      }),
    );
  });

  // Two seconds: the shortest that every store measures well.
  const ttlMs = 2000;
  describe(`${name}: leases`, () => {
    it(
      "deletes the keys of an expired lease, all in one revision",
      using(async ({ store, advance }) => {
        const lease = await store.grantLease(ttlMs);
        await store.transact({ writes: [putOf("/a", "1", lease), putOf("/b", "2", lease)] });
        const from = await put(store, "/c", "3");
        await advance(lease.ttlMs);
        const [, batch] = await take(store, "/", from, 2);
        expect(changesOf(batch).toSorted()).toEqual(["/a deleted", "/b deleted"]);
        expect((await store.list("/")).value.map(({ key }) => key)).toEqual(["/c"]);
        expect(await lease.keepAlive()).toBe(false);
      }),
    );

    it(
      "keeps the keys of a lease that is kept alive",
      using(async ({ store, advance }) => {
        const lease = await store.grantLease(ttlMs);
        await store.transact({ writes: [putOf("/a", "1", lease)] });
        for (let count = 0; count < 3; count++) {
          await advance(lease.ttlMs * 0.6);
          expect(await lease.keepAlive()).toBe(true);
        }
        expect(await textAt(store, "/a")).toBe("1");
        await advance(lease.ttlMs);
        await vi.waitFor(async () => expect(await textAt(store, "/a")).toBeUndefined(), 10_000);
      }),
    );

    it(
      "revokes a lease with its keys, once and for all",
      using(async ({ store }) => {
        const lease = await store.grantLease(ttlMs);
        await store.transact({ writes: [putOf("/a", "1", lease)] });
        await lease.revoke();
        await lease.revoke();
        expect(await textAt(store, "/a")).toBeUndefined();
        expect(await lease.keepAlive()).toBe(false);
        const late = store.transact({ writes: [putOf("/free", "1"), putOf("/a", "1", lease)] });
        await expect(late).rejects.toMatchObject({ name: "StoreError", code: "lease_gone" });
        expect((await store.list("/")).value).toEqual([]);
      }),
    );

    it(
      "binds a key to the lease of its last write only",
      using(async ({ store }) => {
        const [first, second] = [await store.grantLease(ttlMs), await store.grantLease(ttlMs)];
        await store.transact({
          writes: [
            putOf("/free", "1", first),
            putOf("/moved", "1", first),
            putOf("/a", "1", first),
          ],
        });
        await store.transact({ writes: [putOf("/free", "2"), putOf("/moved", "2", second)] });
        await first.revoke();
        const keys = (await store.list("/")).value.map(({ key }) => key);
        expect(keys).toEqual(["/free", "/moved"]);
        await second.revoke();
        expect((await store.list("/")).value.map(({ key }) => key)).toEqual(["/free"]);
      }),
    );
  });

  describe(`${name}: closing and opening`, () => {
    it(
      "keeps entries, history and the order of revisions",
      using(async ({ store, reopen }) => {
        if (!reopen) return;
        const from = await put(store, "/a", "1");
        await put(store, "/a", "2");
        await remove(store, "/a");
        const last = await put(store, "/b", "3");
        const { value } = await store.list("/");
        const opened = await reopen();
        expect((await opened.list("/")).value).toEqual(value);
        expect(await put(opened, "/a", "4")).toBeGreaterThan(last);
        const batches = await take(opened, "/", from, 5);
        const told = ["/a=1", "/a=2", "/a deleted", "/b=3", "/a=4"];
        expect(batches.flatMap(changesOf)).toEqual(told);
      }),
    );

    it(
      "keeps what is compacted compacted, and makes no revision twice",
      using(async ({ store, reopen }) => {
        if (!reopen) return;
        const old = await put(store, "/a", "1");
        const last = await remove(store, "/a");
        await store.compact(last);
        const opened = await reopen();
        await expect(opened.get("/a", { revision: old })).rejects.toThrow(CompactedError);
        expect(await put(opened, "/a", "2")).toBeGreaterThan(last);
      }),
    );

    it(
      "gives a lease no less than its term, and ends it then",
      using(async ({ store, advance, reopen }) => {
        if (!reopen) return;
        const lease = await store.grantLease(ttlMs);
        await store.transact({ writes: [putOf("/a", "1", lease)] });
        await advance(lease.ttlMs * 0.6);
        const opened = await reopen();
        expect(await textAt(opened, "/a")).toBe("1");
        await advance(lease.ttlMs);
        await vi.waitFor(async () => expect(await textAt(opened, "/a")).toBeUndefined(), 10_000);
      }),
    );

    it(
      "refuses work once closed, and tells those who wait",
      using(async ({ store }) => {
        const from = await put(store, "/a", "1");
        const watch = watching(store, "/", from);
        await watch.until(1);
        await store.close();
        await store.close();
        const closed = { name: "StoreError", code: "closed" };
        await expect(watch.stop()).rejects.toMatchObject(closed);
        await expect(store.get("/a")).rejects.toMatchObject(closed);
        await expect(store.transact({ writes: [putOf("/a", "2")] })).rejects.toMatchObject(closed);
      }),
    );
  });

  describe(`${name}: properties`, () => {
    it(
      "does what a map with a history does",
      using(({ store }) => storeProperties(store)),
    );
  });
}

/** Follows a watch in the background. */
function watching(store: Store, prefix: string, from: number, aborted?: AbortSignal) {
  const stopper = new AbortController();
  const signal = aborted ?? stopper.signal;
  const batches: WatchBatch[] = [];
  const done = (async () => {
    for await (const batch of store.watch(prefix, { from, signal })) batches.push(batch);
  })();
  // Whoever stops the watch is told of its failure.
  done.catch(() => {});
  const reach = (reached: () => boolean): Promise<readonly WatchBatch[]> =>
    vi.waitFor(
      () => {
        expect(reached()).toBe(true);
        return batches;
      },
      { timeout: 10_000, interval: 2 },
    );
  return {
    until: (count: number) => reach(() => batches.length >= count),
    untilRevision: (revision: number) => reach(() => batches.at(-1)?.revision === revision),
    async stop(): Promise<readonly WatchBatch[]> {
      stopper.abort();
      await done;
      return batches;
    },
  };
}

/** The first `count` batches. */
async function take(
  store: Store,
  prefix: string,
  from: number,
  count: number,
): Promise<WatchBatch[]> {
  const stopper = new AbortController();
  const batches: WatchBatch[] = [];
  for await (const batch of store.watch(prefix, { from, signal: stopper.signal })) {
    batches.push(batch);
    if (batches.length === count) stopper.abort();
  }
  return batches;
}

async function incrementTimes(store: Store, times: number): Promise<void> {
  for (let done = 0; done < times; ) {
    const { value } = await store.get("/counter");
    const result = await store.transact({
      compare: [{ key: "/counter", revision: value?.revision ?? 0 }],
      writes: [putOf("/counter", String(Number(value ? text(value.value) : 0) + 1))],
    });
    if (result.ok) done += 1;
  }
}

function changesOf(batch: WatchBatch | undefined): string[] {
  return batch?.changes.map(describeChange) ?? [];
}

function describeChange(change: WatchBatch["changes"][number]): string {
  if (change.type === "delete") return `${change.key} deleted`;
  return `${change.entry.key}=${text(change.entry.value)}`;
}

type Lease = Extract<Write, { type: "put" }>["lease"];

function putOf(key: string, value: string, lease?: Lease): Write {
  return { type: "put", key, value: bytes(value), ...(lease && { lease }) };
}

async function put(store: Store, key: string, value: string): Promise<number> {
  return (await store.transact({ writes: [putOf(key, value)] })).revision;
}

async function remove(store: Store, key: string): Promise<number> {
  return (await store.transact({ writes: [{ type: "delete", key }] })).revision;
}

async function textAt(store: Store, key: string, revision?: number): Promise<string | undefined> {
  const { value } = await store.get(key, revision === undefined ? {} : { revision });
  return value && text(value.value);
}

function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

function bytes(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function text(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}
