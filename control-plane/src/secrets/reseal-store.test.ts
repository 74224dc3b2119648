import { createCipheriv } from "node:crypto";
import { createSealer, type Sealer, UnsealError } from "@headgate/config";
import { ManualClock, systemClock } from "@headgate/core";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createEmbeddedStore } from "../store/embedded-store.ts";
import type { Entry, Store, Transaction } from "../store/store.ts";
import { countStale } from "./count-stale.ts";
import { type ResealOptions, resealStore } from "./reseal-store.ts";

const [oldKey, newKey, otherKey] = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte));
if (!oldKey || !newKey || !otherKey) throw new Error("unreachable");
const before = createSealer(oldKey);
const during = createSealer(newKey, [oldKey]);
const after = createSealer(newKey);

describe("resealStore()", () => {
  let store: Store;
  /** Every transaction that was tried. */
  let tried: Transaction[];
  beforeEach(() => {
    store = createEmbeddedStore({ path: ":memory:", clock: systemClock });
    tried = [];
  });
  afterEach(() => store.close());

  it("lets the old key go: what it sealed opens with the new one alone, and is the same", async () => {
    await fill(250, before);
    expect(await countStale(store, during)).toBe(250);
    expect(await reseal()).toEqual({ resealed: 250, unreadable: 0, finished: true, remaining: 0 });
    expect(await countStale(store, during)).toBe(0);
    for (const entry of await entries()) expect(textOf(entry, after)).toBe(`text of ${entry.key}`);
  });

  it("writes at most 100 values at once, each compared with what was read", async () => {
    await fill(250, before);
    const read = new Map((await entries()).map(({ key, revision }) => [key, revision]));
    await reseal();
    expect(tried.map(({ writes }) => writes.length)).toEqual([100, 100, 50]);
    for (const { compare = [], writes } of tried) {
      expect(compare).toEqual(writes.map(({ key }) => ({ key, revision: read.get(key) })));
    }
  });

  it("writes at most 1 MiB at once", async () => {
    const text = "x".repeat(300_000);
    for (const at of [1, 2, 3, 4, 5]) await put(`/resources/a/${at}`, text, before);
    await put("/resources/a/6", "y".repeat(1024 * 1024 - 33), before);
    expect(await reseal()).toMatchObject({ resealed: 6, remaining: 0 });
    expect(tried.map(({ writes }) => writes.length)).toEqual([3, 2, 1]);
  });

  it("leaves a value that would not fit any more, and says so", async () => {
    const full = legacySeal("z".repeat(1024 * 1024 - 29), "/resources/a/full");
    await store.transact({ writes: [{ type: "put", key: "/resources/a/full", value: full }] });
    expect(await reseal()).toMatchObject({ resealed: 0, unreadable: 1, remaining: 1 });
  });

  it("writes nothing that is current: a second run is free", async () => {
    await fill(120, before);
    await reseal();
    const { revision } = await store.list("/resources/", { limit: 1 });
    tried = [];
    expect(await reseal()).toEqual({ resealed: 0, unreadable: 0, finished: true, remaining: 0 });
    expect(tried).toEqual([]);
    expect((await store.list("/resources/", { limit: 1 })).revision).toBe(revision);
  });

  it("touches only the prefixes that it is given", async () => {
    await put("/resources/a", "a", before);
    await put("/ledger/b", "b", before);
    await store.transact({
      writes: [{ type: "put", key: "/guards/references", value: new Uint8Array() }],
    });
    expect(await reseal({ prefixes: ["/ledger/"] })).toMatchObject({ resealed: 1, remaining: 0 });
    expect(await countStale(store, during)).toBe(1);
    expect(await countStale(store, during, ["/resources/", "/ledger/"])).toBe(1);
    expect(await reseal()).toMatchObject({ resealed: 1, unreadable: 0, remaining: 0 });
  });

  it("keeps what it cannot open, and says how much that is", async () => {
    await put("/resources/lost", "lost", createSealer(otherKey));
    await put("/resources/moved", "moved", before, "/resources/elsewhere");
    await put("/resources/good", "good", before);
    const untouched = (await entries()).filter(({ key }) => key !== "/resources/good");
    expect(await reseal()).toEqual({ resealed: 1, unreadable: 2, finished: true, remaining: 2 });
    expect((await entries()).filter(({ key }) => key !== "/resources/good")).toEqual(untouched);
  });

  it("undoes nobody's write: what changed meanwhile stays as it was written", async () => {
    await fill(10, before);
    let meddled = false;
    const result = await reseal({
      transact: async (transaction) => {
        if (!meddled) {
          meddled = true;
          await put("/resources/a/00003", "edited", before);
          await put("/resources/a/00004", "edited", during);
          await store.transact({ writes: [{ type: "delete", key: "/resources/a/00005" }] });
        }
        return await store.transact(transaction);
      },
    });
    expect(result).toEqual({ resealed: 8, unreadable: 0, finished: true, remaining: 0 });
    const texts = (await entries()).map((entry) => textOf(entry, after));
    expect(texts).toHaveLength(9);
    expect(texts.filter((text) => text === "edited")).toHaveLength(2);
  });

  it("gives up on a value that a writer keeps sealing with the old key, and counts it", async () => {
    await fill(3, before);
    const result = await reseal({
      transact: async (transaction) => {
        await put("/resources/a/00001", "again", before);
        return await store.transact(transaction);
      },
    });
    expect(result).toEqual({ resealed: 2, unreadable: 0, finished: true, remaining: 1 });
  });

  it("may run twice at once", async () => {
    await fill(300, before);
    const results = await Promise.all([reseal(), reseal(), reseal()]);
    expect(results.map(({ remaining }) => remaining)).toEqual([0, 0, 0]);
    expect(results.reduce((sum, { resealed }) => sum + resealed, 0)).toBe(300);
    for (const entry of await entries()) expect(textOf(entry, after)).toBe(`text of ${entry.key}`);
  });

  it("stops where it is told to, and goes on from there", async () => {
    await fill(300, before);
    const stop = new AbortController();
    const result = await reseal({
      signal: stop.signal,
      transact: async (transaction) => {
        stop.abort();
        return await store.transact(transaction);
      },
    });
    expect(result).toEqual({ resealed: 100, unreadable: 0, finished: false });
    expect(await countStale(store, during)).toBe(200);
    expect(await reseal()).toMatchObject({ resealed: 200, remaining: 0 });
  });

  it("stops when its fence refuses: another replica leads", async () => {
    await fill(300, before);
    const fence = { key: "/leaders/global", revision: 7 };
    const result = await reseal({
      transact: (transaction) =>
        store.transact({
          ...transaction,
          compare: [...(transaction.compare ?? []), ...(tried.length > 1 ? [fence] : [])],
        }),
    });
    expect(result).toEqual({ resealed: 100, unreadable: 0, finished: false });
    expect(tried).toHaveLength(2);
  });

  it("rests between two transactions", async () => {
    await fill(150, before);
    const clock = new ManualClock();
    const work = reseal({ clock, pauseMs: 500 });
    while (tried.length < 1) await new Promise(setImmediate);
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect(tried).toHaveLength(1);
    while ((await countStale(store, during)) > 0) await clock.advance(500);
    await clock.advance(500);
    expect(await work).toMatchObject({ resealed: 150 });
  });

  it("passes on what the store says, and keeps what was done", async () => {
    await fill(150, before);
    const transact = async (transaction: Transaction) => {
      if (tried.length > 1) throw new Error("no leader in etcd");
      return await store.transact(transaction);
    };
    await expect(reseal({ transact })).rejects.toThrow("no leader in etcd");
    expect(await countStale(store, during)).toBe(50);
  });

  it("ends with every value under the new key, whatever writers do meanwhile", async () => {
    const acts = fc.array(
      fc.record({
        before: fc.nat(3),
        key: fc.nat(150),
        act: fc.constantFrom("put-new", "delete", "put-old"),
      }),
      { maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(acts, async (plan) => {
        const mine = createEmbeddedStore({ path: ":memory:", clock: systemClock });
        const truth = new Map<string, string>();
        for (let at = 0; at < 150; at++) {
          await put(keyAt(at), `first ${at}`, before, keyAt(at), mine);
          truth.set(keyAt(at), `first ${at}`);
        }
        let transactions = 0;
        const result = await reseal({
          store: mine,
          transact: async (transaction) => {
            for (const [at, { key, act }] of plan.entries()) {
              if (plan[at]?.before !== transactions) continue;
              if (act === "delete") {
                await mine.transact({ writes: [{ type: "delete", key: keyAt(key) }] });
                truth.delete(keyAt(key));
              } else {
                const sealer = act === "put-new" ? during : before;
                await put(keyAt(key), `${act} ${at}`, sealer, keyAt(key), mine);
                truth.set(keyAt(key), `${act} ${at}`);
              }
            }
            transactions += 1;
            return await mine.transact(transaction);
          },
        });
        const found = (await mine.list("/resources/")).value;
        expect(new Map(found.map((entry) => [entry.key, textOf(entry, during)]))).toEqual(truth);
        expect(result.remaining).toBe(await countStale(mine, during));
        await mine.close();
      }),
      { numRuns: 25 },
    );
  });

  async function reseal(options: Partial<ResealOptions> = {}) {
    const mine = options.store ?? store;
    const inner = options.transact ?? ((transaction: Transaction) => mine.transact(transaction));
    return await resealStore({
      store: mine,
      sealer: during,
      clock: systemClock,
      pauseMs: 0,
      ...options,
      transact: async (transaction) => {
        tried.push(transaction);
        return await inner(transaction);
      },
    });
  }

  async function fill(count: number, sealer: Sealer): Promise<void> {
    for (let at = 0; at < count; at++) await put(keyAt(at), `text of ${keyAt(at)}`, sealer);
  }

  async function put(key: string, text: string, sealer: Sealer, context = key, into = store) {
    const value = sealer.seal(Buffer.from(text), context);
    await into.transact({ writes: [{ type: "put", key, value }] });
  }

  async function entries(): Promise<readonly Entry[]> {
    return (await store.list("/resources/")).value;
  }
});

/** As the first releases sealed: without a key id, so four bytes shorter. */
function legacySeal(text: string, context: string): Buffer {
  const nonce = Buffer.alloc(12, 9);
  const cipher = createCipheriv("aes-256-gcm", oldKey ?? "", nonce).setAAD(Buffer.from(context));
  const ciphertext = [cipher.update(text), cipher.final()];
  return Buffer.concat([Uint8Array.of(1), nonce, ...ciphertext, cipher.getAuthTag()]);
}

function keyAt(index: number): string {
  return `/resources/a/${String(index).padStart(5, "0")}`;
}

function textOf(entry: Entry, sealer: Sealer): string {
  try {
    return Buffer.from(sealer.open(entry.value, entry.key)).toString();
  } catch (error) {
    if (error instanceof UnsealError) return "does not open";
    throw error;
  }
}
