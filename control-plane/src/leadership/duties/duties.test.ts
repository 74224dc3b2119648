import { ManualClock } from "@headgate/core";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createEmbeddedStore } from "../../store/embedded-store.ts";
import { CompactedError, type Store } from "../../store/store.ts";
import { createElector, type Elector } from "../elector.ts";
import { type Leadership, LeadershipLostError } from "../leadership.ts";
import { runWhileLeader } from "../run-while-leader.ts";
import { TroubledStore } from "../troubled-store.fixture.ts";
import { compactHistory } from "./compact-history.ts";
import { trimPrefix } from "./trim-prefix.ts";

const logger = pino({ level: "silent" });
const random = () => 0.5;
const minuteMs = 60_000;

let clock: ManualClock;
let inner: Store;
let store: TroubledStore;
let elector: Elector;
let leadership: Leadership;
beforeEach(async () => {
  clock = new ManualClock();
  inner = createEmbeddedStore({ path: ":memory:", clock });
  store = new TroubledStore(inner);
  const candidate = { name: "one" };
  elector = createElector({ store, clock, random, logger, scope: "global", candidate });
  elector.start();
  await clock.advance(100);
  if (!elector.leadership) throw new Error("not elected");
  leadership = elector.leadership;
});
afterEach(async () => {
  store.trouble = "ok";
  await elector.stop();
  await inner.close();
});

describe("compacting history", () => {
  it("keeps the last half hour, and little more than that", async () => {
    const running = run(compactHistory({ store, clock, logger }));
    const revisions: number[] = [];
    for (let minute = 0; minute < 120; minute++) {
      revisions.push(await write("/a", `${minute}`));
      await clock.advance(minuteMs);
      const kept = revisions.slice(-30);
      for (const revision of [kept[0], kept.at(-1)]) {
        await expect(inner.get("/a", revision ? { revision } : {})).resolves.toBeDefined();
      }
    }
    const long = revisions.at(-45);
    await expect(inner.get("/a", long ? { revision: long } : {})).rejects.toThrow(CompactedError);
    await running.end();
  });

  it("goes on after the store was away, and after it was replaced", async () => {
    const compacted: number[] = [];
    let revision = 1_000;
    const fake: Pick<Store, "get" | "compact"> = {
      get: async () => {
        if (revision < 0) throw new Error("away");
        return { value: undefined, revision };
      },
      compact: async (to) => void compacted.push(to),
    };
    const watched = Object.assign(new TroubledStore(inner), fake);
    const running = run(compactHistory({ store: watched, clock, logger }));
    await clock.advance(15 * minuteMs);
    revision = -1;
    await clock.advance(60 * minuteMs);
    expect(compacted).toEqual([]);
    revision = 2_000;
    await clock.advance(10 * minuteMs);
    expect(compacted).toEqual([1_000]);
    revision = 5;
    await clock.advance(29 * minuteMs);
    expect(compacted).toEqual([1_000]);
    await clock.advance(12 * minuteMs);
    expect(compacted).toEqual([1_000, 5]);
    await running.end();
  });

  it("stops with its leadership", async () => {
    const running = run(compactHistory({ store, clock, logger }));
    await elector.stop();
    await running.ended;
    const calls = store.calls;
    await clock.advance(60 * minuteMs);
    expect(store.calls).toBe(calls);
  });
});

describe("trimming a prefix", () => {
  const never = () => false;
  const isOld = (key: string) => key.includes("old");
  it.each<{
    name: string;
    keys: readonly string[];
    entriesMax: number;
    isExpired: (key: string) => boolean;
    leaves: readonly string[];
  }>([
    { name: "nothing of nothing", keys: [], entriesMax: 0, isExpired: never, leaves: [] },
    {
      name: "nothing where all fits",
      keys: ["/x/1", "/x/2"],
      entriesMax: 2,
      isExpired: never,
      leaves: ["/x/1", "/x/2"],
    },
    {
      name: "the last of too many",
      keys: ["/x/1", "/x/2", "/x/3"],
      entriesMax: 1,
      isExpired: never,
      leaves: ["/x/1"],
    },
    {
      name: "what is expired, wherever it is, and it takes no place",
      keys: ["/x/1old", "/x/2", "/x/3old", "/x/4", "/x/5"],
      entriesMax: 2,
      isExpired: isOld,
      leaves: ["/x/2", "/x/4"],
    },
    {
      name: "only its prefix",
      keys: ["/w/old", "/x/old", "/xx/old"],
      entriesMax: 9,
      isExpired: isOld,
      leaves: ["/w/old", "/xx/old"],
    },
  ])("deletes $name", async ({ keys, entriesMax, isExpired, leaves }) => {
    for (const key of keys) await write(key, "x");
    const result = await trim({ isExpired, entriesMax });
    expect(result).toEqual({ deleted: keys.length - leaves.length, complete: true });
    const left = (await inner.list("/")).value.map(({ key }) => key);
    expect(left.filter((key) => !key.startsWith("/leaders/"))).toEqual(leaves);
  });

  it("takes many in batches, and stops at the most it may look at", async () => {
    for (let index = 0; index < 600; index++) await write(`/x/${1_000 + index}`, "x");
    const first = await trim({ isExpired: never, entriesMax: 10, batchesMax: 2 });
    expect(first).toEqual({ deleted: 2 * 127 - 10, complete: false });
    const rest = await trim({ isExpired: never, entriesMax: 10 });
    expect(rest).toEqual({ deleted: 600 - 10 - first.deleted, complete: true });
    expect((await inner.list("/x/")).value.map(({ key }) => key)).toEqual(
      Array.from({ length: 10 }, (_, index) => `/x/${1_000 + index}`),
    );
  });

  it("tells age by key, value and the time", async () => {
    await write("/x/1", "used");
    await write("/x/2", "fresh");
    const isExpired = (key: string, nowMs: number, value: Uint8Array) =>
      nowMs === 42 && key.startsWith("/x/") && Buffer.from(value).toString() === "used";
    const options = { store, leadership, prefix: "/x/", isExpired, nowMs: 42, entriesMax: 9 };
    expect(await trimPrefix(options)).toEqual({ deleted: 1, complete: true });
    expect((await inner.get("/x/2")).value).toBeDefined();
  });

  it("leaves what is written meanwhile for the next time", async () => {
    await write("/x/1", "x");
    const list: Store["list"] = async (...parameters) => {
      const page = await inner.list(...parameters);
      await write("/x/1", "again");
      return page;
    };
    const racing = Object.assign(new TroubledStore(inner), { list });
    const options = { leadership, prefix: "/x/", isExpired: () => true, nowMs: 0, entriesMax: 9 };
    expect(await trimPrefix({ ...options, store: racing })).toMatchObject({ deleted: 0 });
    expect(await trimPrefix({ ...options, store })).toMatchObject({ deleted: 1 });
  });

  it("deletes nothing for who is no longer the leader", async () => {
    await write("/x/1", "x");
    await inner.transact({ writes: [{ type: "delete", key: "/leaders/global" }] });
    await expect(trim({ isExpired: () => true, entriesMax: 0 })).rejects.toThrow(
      LeadershipLostError,
    );
    expect((await inner.get("/x/1")).value).toBeDefined();
  });

  it.each([
    { name: "bounds that never reach the end", entriesMax: 254, batchesMax: 2 },
    { name: "less than nothing", entriesMax: -1, batchesMax: 2 },
    { name: "half an entry", entriesMax: 0.5, batchesMax: 2 },
  ])("refuses $name", async ({ entriesMax, batchesMax }) => {
    await expect(trim({ isExpired: never, entriesMax, batchesMax })).rejects.toThrow(RangeError);
  });

  function trim(options: {
    isExpired: (key: string) => boolean;
    entriesMax: number;
    batchesMax?: number;
  }) {
    return trimPrefix({ store, leadership, prefix: "/x/", nowMs: 0, ...options });
  }
});

describe("a duty while leader", () => {
  it("starts when elected, ends when lost, and starts again with the next tenure", async () => {
    const log: string[] = [];
    const duty = async ({ epoch, signal }: Leadership) => {
      log.push(`start ${epoch}`);
      await clock.sleep(Infinity, signal);
      log.push(`end ${epoch}`);
    };
    const running = runWhileLeader({ elector, name: "test", duty, clock, random, logger });
    await clock.advance(100);
    await inner.transact({ writes: [{ type: "delete", key: "/leaders/global" }] });
    await clock.advance(100);
    const [first, second] = [leadership.epoch, elector.leadership?.epoch];
    expect(log).toEqual([`start ${first}`, `end ${first}`, `start ${second}`]);
    await elector.stop();
    await running.stop();
    expect(log.at(-1)).toBe(`end ${second}`);
  });

  it("starts again after growing pauses when it throws, and not when it returns", async () => {
    const startsMs: number[] = [];
    const duty = async () => {
      startsMs.push(clock.now());
      if (startsMs.length < 5) throw new Error("not yet");
    };
    const startedMs = clock.now();
    const running = runWhileLeader({ elector, name: "test", duty, clock, random, logger });
    await clock.advance(5 * minuteMs);
    expect(startsMs.map((ms) => ms - startedMs)).toEqual([0, 50, 150, 350, 750]);
    await elector.stop();
    await running.stop();
  });

  it("does not run beside itself when it outlasts its tenure", async () => {
    let running = 0;
    let starts = 0;
    const release = Promise.withResolvers<void>();
    const duty = async () => {
      starts += 1;
      running += 1;
      expect(running).toBe(1);
      await release.promise;
      running -= 1;
    };
    const held = runWhileLeader({ elector, name: "test", duty, clock, random, logger });
    await clock.advance(100);
    await inner.transact({ writes: [{ type: "delete", key: "/leaders/global" }] });
    await clock.advance(1_000);
    expect([elector.leadership?.isValid(), starts]).toEqual([true, 1]);
    release.resolve();
    await clock.advance(1_000);
    expect(starts).toBe(2);
    await elector.stop();
    await held.stop();
  });
});

function run(duty: (leadership: Leadership) => Promise<void>) {
  const ended = duty(leadership);
  return {
    ended,
    end: async () => {
      await elector.stop();
      await ended;
    },
  };
}

async function write(key: string, text: string): Promise<number> {
  const value = new TextEncoder().encode(text);
  return (await inner.transact({ writes: [{ type: "put", key, value }] })).revision;
}
