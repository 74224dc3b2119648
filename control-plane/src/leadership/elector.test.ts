import { type Clock, ManualClock } from "@headgate/core";
import { pino } from "pino";
import { Registry } from "prom-client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createEmbeddedStore } from "../store/embedded-store.ts";
import type { Store } from "../store/store.ts";
import { createControlPlaneMetrics } from "../telemetry/control-plane-metrics.ts";
import { electionConformance } from "./election.conformance.ts";
import { createElector, type Elector, type ElectorOptions } from "./elector.ts";
import { LeadershipLostError } from "./leadership.ts";
import { suspendAwareNow } from "./suspend-aware-now.ts";
import { TroubledStore } from "./troubled-store.fixture.ts";

electionConformance("an election over the embedded store", async () => {
  const clock = new ManualClock();
  const store = createEmbeddedStore({ path: ":memory:", clock });
  return {
    open: async () => store,
    clock,
    until: (holds, what, withinMs) => advanceUntil(clock, { holds, what, withinMs }),
    dispose: () => store.close(),
  };
});

/** Time can pass for it without any timer running. */
class SteppingClock extends ManualClock {
  #jumpedMs = 0;

  jump(ms: number): void {
    this.#jumpedMs += ms;
  }

  override now(): number {
    return super.now() + this.#jumpedMs;
  }
}

describe("a leader that was away", () => {
  let storeClock: ManualClock;
  let clockA: SteppingClock;
  let clockB: SteppingClock;
  let store: Store;
  let storeOfA: TroubledStore;
  let a: Elector;
  let b: Elector;
  beforeEach(async () => {
    storeClock = new ManualClock();
    [clockA, clockB] = [new SteppingClock(), new SteppingClock()];
    store = createEmbeddedStore({ path: ":memory:", clock: storeClock });
    storeOfA = new TroubledStore(store);
    a = elector({ store: storeOfA, clock: clockA, candidate: { name: "a" } });
    b = elector({ store, clock: clockB, candidate: { name: "b" } });
    a.start();
    await pass(100, clockA);
    b.start();
    await pass(100, clockA, clockB);
  });
  afterEach(async () => {
    const stopped = Promise.all([a.stop(), b.stop()]);
    for (const clock of [clockA, clockB]) await clock.advance(2_000);
    await stopped;
    await store.close();
  });

  it("is no leader when it comes back, before it has heard of anything", async () => {
    const leadership = a.leadership;
    storeOfA.trouble = "hangs";
    await pass(8_000, clockB);
    const taken = await b.leadership?.transact(put("b"));
    expect(taken?.ok).toBe(true);
    // Stopped, as by SIGSTOP: time has passed, and none of its timers has run.
    clockA.jump(8_000);
    expect([leadership?.isValid(), a.leadership, a.status().isLeader]).toEqual([
      false,
      undefined,
      false,
    ]);
    const { calls } = storeOfA;
    await expect(leadership?.transact(put("a"))).rejects.toThrow(LeadershipLostError);
    expect(storeOfA.calls).toBe(calls);
    storeOfA.trouble = "ok";
    for (let ms = 0; ms < 10_000; ms += 500) {
      await pass(500, clockA, clockB);
      expect([a.status().isLeader, leadership?.isValid()]).toEqual([false, false]);
    }
    expect(leadership?.signal.aborted).toBe(true);
    expect(a.status()).toMatchObject({ leader: "b", epoch: b.leadership?.epoch });
    expect(await workIn(store)).toBe("b");
  });

  it("can't write even if its clock stood still all the time", async () => {
    const leadership = a.leadership;
    storeOfA.trouble = "deaf";
    await pass(8_000, clockB);
    expect((await b.leadership?.transact(put("b")))?.ok).toBe(true);
    expect(leadership?.isValid()).toBe(true);
    await expect(leadership?.transact(put("a"))).rejects.toThrow(LeadershipLostError);
    expect([leadership?.isValid(), leadership?.signal.aborted]).toEqual([false, true]);
    expect(await workIn(store)).toBe("b");
  });

  /** Let time pass for the store and for those who are awake. */
  async function pass(ms: number, ...clocks: readonly ManualClock[]): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += 50) {
      for (const clock of [storeClock, ...clocks]) await clock.advance(50);
    }
  }
});

describe("an elector", () => {
  it("puts no key under a lease that is granted after it stopped", async () => {
    const clock = new ManualClock();
    const store = createEmbeddedStore({ path: ":memory:", clock });
    const gate = Promise.withResolvers<void>();
    const grantLease: Store["grantLease"] = async (ttlMs) => {
      await gate.promise;
      return store.grantLease(ttlMs);
    };
    const late = Object.assign(new TroubledStore(store), { grantLease });
    const one = elector({ store: late, clock });
    one.start();
    await clock.advance(100);
    const stopped = one.stop();
    await clock.advance(2_000);
    await stopped;
    gate.resolve();
    await clock.advance(1_000);
    expect((await store.get("/leaders/global")).value).toBeUndefined();
    await store.close();
  });

  it.each([
    { name: "no scope", options: { scope: "" }, says: /a scope is like "global"/ },
    { name: "a scope that begins with a slash", options: { scope: "/x" }, says: /got "\/x"/ },
    { name: "a term of a second", options: { ttlMs: 1_000 }, says: /ttlMs must be 3000 to 60000/ },
    { name: "no term", options: { ttlMs: Number.NaN }, says: /got NaN/ },
  ])("refuses $name", ({ options, says }) => {
    const store = createEmbeddedStore({ path: ":memory:", clock: new ManualClock() });
    expect(() => elector({ store, clock: new ManualClock(), ...options })).toThrow(says);
  });

  it("counts leaders, says whether it leads, and survives its listener", async () => {
    const clock = new ManualClock();
    const store = createEmbeddedStore({ path: ":memory:", clock });
    const { registry, leadership: metrics } = createControlPlaneMetrics();
    expect(registry).toBeInstanceOf(Registry);
    const one = elector({
      store,
      clock,
      metrics,
      onChange: () => {
        throw new Error("not my day");
      },
    });
    one.start();
    await clock.advance(1_000);
    expect(await registry.metrics()).toContain('headgate_leader{scope="global"} 1');
    await store.transact({ writes: [{ type: "delete", key: "/leaders/global" }] });
    await clock.advance(1_000);
    expect(await registry.metrics()).toContain('headgate_leader_changes_total{scope="global"} 2');
    await one.stop();
    expect(await registry.metrics()).toContain('headgate_leader{scope="global"} 0');
    expect(() => one.start()).toThrow(/runs once/);
    await store.close();
  });
});

describe("time that counts what the machine slept through", () => {
  it.each([
    { name: "time passes", wallMs: 5_000, nowMs: 5_000, counts: 5_000 },
    { name: "the machine sleeps", wallMs: 60_000, nowMs: 10, counts: 60_000 },
    { name: "the wall clock is set forward", wallMs: 3_600_000, nowMs: 1_000, counts: 3_600_000 },
    { name: "the wall clock is set back", wallMs: -3_600_000, nowMs: 1_000, counts: 1_000 },
    { name: "the wall clock is a little off", wallMs: 1_200, nowMs: 1_000, counts: 1_000 },
  ])("is right when $name", ({ wallMs, nowMs, counts }) => {
    const times = { now: 7, wall: 1_750_000_000_000 };
    const clock: Clock = Object.assign(new ManualClock(), {
      now: () => times.now,
      wallTimeMs: () => times.wall,
    });
    const now = suspendAwareNow(clock);
    const beforeMs = now();
    times.now += nowMs;
    times.wall += wallMs;
    expect(now() - beforeMs).toBe(counts);
    expect(now() - beforeMs).toBe(counts);
  });
});

function elector(options: Pick<ElectorOptions, "store" | "clock"> & Partial<ElectorOptions>) {
  const logger = pino({ level: "silent" });
  const candidate = { name: "one" };
  return createElector({ random: () => 0.5, logger, scope: "global", candidate, ...options });
}

async function advanceUntil(
  clock: ManualClock,
  wish: { holds: () => boolean; what: string; withinMs: number },
): Promise<void> {
  const lastMs = clock.now() + wish.withinMs;
  await clock.advance(0);
  while (!wish.holds()) {
    if (clock.now() >= lastMs) throw new Error(`waited ${wish.withinMs} ms for ${wish.what}`);
    await clock.advance(50);
  }
}

function put(text: string) {
  return { writes: [{ type: "put", key: "/work", value: Buffer.from(text) }] } as const;
}

async function workIn(store: Store): Promise<string> {
  return Buffer.from((await store.get("/work")).value?.value ?? []).toString();
}
