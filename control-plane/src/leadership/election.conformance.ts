import { type Clock, seededRandom } from "@headgate/core";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { Store } from "../store/store.ts";
import { createElector, type ElectionStatus, type Elector } from "./elector.ts";
import { encodeLeaderRecord } from "./leader-record.ts";
import { type Leadership, LeadershipLostError } from "./leadership.ts";
import { TroubledStore } from "./troubled-store.fixture.ts";

export interface ElectionWorld {
  /** Another client of the same store, empty at first. */
  open(): Promise<Store>;
  readonly clock: Clock;
  /** Resolves once it holds, letting time pass meanwhile. @throws when it does not `withinMs`. */
  until(holds: () => boolean, what: string, withinMs: number): Promise<void>;
  dispose(): Promise<void>;
}

/** What an election does over any Store. */
export function electionConformance(name: string, makeWorld: () => Promise<ElectionWorld>): void {
  const using = (body: (stage: Stage) => Promise<void>) => async () => {
    const stage = new Stage(await makeWorld());
    try {
      await body(stage);
    } finally {
      await stage.dispose();
    }
  };

  describe(name, { concurrent: true }, () => {
    it(
      "elects one, whom the others know",
      using(async (stage) => {
        const [a, b] = [await stage.candidate("a"), await stage.candidate("b")];
        await stage.until(() => stage.agreed, "all to know one leader");
        const [leader, follower] = a.isLeader ? [a, b] : [b, a];
        const epoch = leader.leadership?.epoch;
        expect(follower.status).toEqual({
          scope: "global",
          leader: leader.name,
          address: `${leader.name}.test:8081`,
          epoch,
          isLeader: false,
        });
        expect(follower.leadership).toBeUndefined();
      }),
    );

    it(
      "elects for each scope apart, though the name of one begins with another's",
      using(async (stage) => {
        const a = await stage.candidate("a", "region/eu");
        const b = await stage.candidate("b", "region/eu-west");
        await stage.until(() => a.isLeader && b.isLeader, "both to lead");
        await b.elector.stop();
        expect(a.isLeader).toBe(true);
        expect(a.changes.at(-1)?.scope).toBe("region/eu");
      }),
    );

    it(
      "hands over when the leader stops",
      using(async (stage) => {
        const { leader, follower, leadership } = await stage.pair();
        const { signal } = leadership;
        await leader.elector.stop();
        expect([signal.aborted, leader.isLeader]).toEqual([true, false]);
        // Sooner than the lease could end by itself.
        await stage.until(() => follower.isLeader, "the other to lead", 3_000);
        expect(follower.leadership?.epoch).toBeGreaterThan(leadership.epoch);
        expect(leader.changes.at(-1)?.isLeader).toBe(false);
      }),
    );

    it(
      "writes for the leader, and for nobody who is not",
      using(async (stage) => {
        const { leader, follower, leadership, store } = await stage.pair();
        expect((await leadership.transact(put("/work", "one"))).ok).toBe(true);
        const conflict = { ...put("/work", "two"), compare: [{ key: "/work", revision: 0 }] };
        expect(await leadership.transact(conflict)).toMatchObject({ conflicts: ["/work"] });
        await leader.elector.stop();
        await stage.until(() => follower.isLeader, "the other to lead");
        expect(leadership.isValid()).toBe(false);
        await expect(leadership.transact(put("/work", "late"))).rejects.toThrow(
          LeadershipLostError,
        );
        const late = await store.transact({
          ...put("/work", "later"),
          compare: [leadership.compare],
        });
        expect(late.ok).toBe(false);
        expect((await follower.leadership?.transact(put("/work", "two")))?.ok).toBe(true);
      }),
    );

    it.each<{ name: string; harm: (stage: Stage, leader: Player) => Promise<unknown> }>([
      {
        name: "its key is deleted",
        harm: ({ store }) =>
          store.transact({ writes: [{ type: "delete", key: "/leaders/global" }] }),
      },
      { name: "its lease is revoked", harm: async (_, { store }) => store.lease?.revoke() },
    ])("steps down when $name, and somebody leads under a greater epoch", async ({ harm }) => {
      await using(async (stage) => {
        const { leader, leadership } = await stage.pair();
        await harm(stage, leader);
        await stage.until(() => !leadership.isValid(), "it to step down");
        await stage.until(() => stage.agreed, "all to know one leader");
        expect(stage.epoch).toBeGreaterThan(leadership.epoch);
      })();
    });

    it(
      "steps down for a stranger who has taken the key, and waits until that is gone",
      using(async (stage) => {
        const { leader, follower, leadership, store } = await stage.pair();
        const writes = [{ type: "delete", key: "/leaders/global" }] as const;
        leader.store.trouble = "hangs";
        follower.store.trouble = "hangs";
        await store.transact({ writes });
        const value = encodeLeaderRecord({ candidate: "stranger", instance: "x", attempt: 1 });
        const taken = await store.transact({
          writes: [{ type: "put", key: "/leaders/global", value }],
        });
        leader.store.trouble = "ok";
        follower.store.trouble = "ok";
        await stage.until(
          () => stage.players.every(({ status }) => status.leader === "stranger"),
          "all to know the stranger",
        );
        expect([leader.isLeader, leadership.isValid()]).toEqual([false, false]);
        await store.transact({ writes });
        await stage.until(() => stage.agreed, "all to know one leader");
        expect(stage.epoch).toBeGreaterThan(taken.revision);
      }),
    );

    it.each<{ name: string; harm: (store: TroubledStore) => void }>([
      { name: "fails", harm: (store) => store.fail() },
      {
        name: "does not answer",
        harm: (store) => {
          store.trouble = "hangs";
        },
      },
    ])("outlives a store that $name", async ({ harm }) => {
      await using(async (stage) => {
        const { leadership, players } = await stage.pair();
        const lines = stage.logged.length;
        const calls = players.map(({ store }) => store.calls);
        for (const { store } of players) harm(store);
        await stage.until(() => stage.leaders === 0, "nobody to lead", 4_500);
        const untilMs = stage.clock.now() + 6_000;
        await stage.until(() => stage.clock.now() >= untilMs, "time to pass");
        // Per candidate: two lines of the trouble, one of the office that was lost.
        expect(stage.logged.length - lines).toBeLessThanOrEqual(6);
        players.forEach(({ store }, index) => {
          expect(store.calls - (calls[index] ?? 0)).toBeLessThan(60);
        });
        for (const { store } of players) store.trouble = "ok";
        await stage.until(() => stage.agreed, "all to know one leader");
        expect(stage.epoch).toBeGreaterThan(leadership.epoch);
        expect(leadership.isValid()).toBe(false);
      })();
    });

    it(
      "knows a claim that was done and not answered as its own",
      using(async (stage) => {
        const a = await stage.candidate("a", "global", "mute");
        await stage.until(() => a.isLeader, "it to lead", 4_000);
        const { value } = await stage.store.get("/leaders/global");
        expect(a.leadership?.epoch).toBe(value?.createRevision);
        a.store.trouble = "ok";
        const untilMs = stage.clock.now() + 6_000;
        await stage.until(() => stage.clock.now() >= untilMs, "a term to pass");
        expect(a.leadership?.epoch).toBe(value?.createRevision);
      }),
    );

    it(
      "leaves no key behind when stopped while it claims",
      using(async (stage) => {
        const a = await stage.candidate("a", "global", "mute");
        await stage.until(() => a.store.lease !== undefined, "it to claim");
        void a.elector.stop();
        const b = await stage.candidate("b");
        await stage.until(() => b.isLeader, "the other to lead", 3_000);
      }),
    );
  });
}

class Stage {
  readonly players: Player[] = [];
  readonly logged: string[] = [];
  readonly #world: ElectionWorld;
  readonly #stores: Store[] = [];

  constructor(world: ElectionWorld) {
    this.#world = world;
  }

  get clock(): Clock {
    return this.#world.clock;
  }

  /** One without any trouble, for whoever looks on. */
  get store(): Store {
    const [store] = this.#stores;
    if (!store) throw new Error("no candidate was made");
    return store;
  }

  get leaders(): number {
    return this.players.filter(({ isLeader }) => isLeader).length;
  }

  get epoch(): number {
    return this.players.find(({ isLeader }) => isLeader)?.leadership?.epoch ?? 0;
  }

  get agreed(): boolean {
    const known = new Set(this.players.map(({ status }) => `${status.leader} ${status.epoch}`));
    return this.leaders === 1 && known.size === 1;
  }

  async candidate(name: string, scope = "global", trouble: TroubledStore["trouble"] = "ok") {
    const opened = await this.#world.open();
    this.#stores.push(opened);
    const store = new TroubledStore(opened);
    store.trouble = trouble;
    const logger = pino({ level: "info" }, { write: (line: string) => this.logged.push(line) });
    const changes: ElectionStatus[] = [];
    const elector = createElector({
      store,
      clock: this.#world.clock,
      random: seededRandom(this.players.length),
      logger,
      scope,
      candidate: { name, address: `${name}.test:8081` },
      onChange: (status) => changes.push(status),
    });
    const player = new Player({ name, elector, store, changes });
    this.players.push(player);
    elector.start();
    return player;
  }

  async pair() {
    const [a, b] = [await this.candidate("a"), await this.candidate("b")];
    await this.until(() => this.agreed, "all to know one leader");
    const [leader, follower] = a.isLeader ? [a, b] : [b, a];
    const { leadership } = leader;
    if (!leadership) throw new Error("the leader has no leadership");
    return { leader, follower, leadership, store: this.store, players: this.players };
  }

  until(holds: () => boolean, what: string, withinMs = 15_000): Promise<void> {
    return this.#world.until(holds, what, withinMs);
  }

  async dispose(): Promise<void> {
    for (const { store } of this.players) store.trouble = "ok";
    let stopped = 0;
    for (const { elector } of this.players) void elector.stop().then(() => (stopped += 1));
    await this.until(() => stopped === this.players.length, "all to stop");
    await this.#world.dispose();
  }
}

class Player {
  readonly name: string;
  readonly elector: Elector;
  readonly store: TroubledStore;
  readonly changes: readonly ElectionStatus[];

  constructor(parts: Pick<Player, "name" | "elector" | "store" | "changes">) {
    this.name = parts.name;
    this.elector = parts.elector;
    this.store = parts.store;
    this.changes = parts.changes;
  }

  get status(): ElectionStatus {
    return this.elector.status();
  }

  get isLeader(): boolean {
    return this.status.isLeader;
  }

  get leadership(): Leadership | undefined {
    return this.elector.leadership;
  }
}

function put(key: string, text: string) {
  return { writes: [{ type: "put", key, value: new TextEncoder().encode(text) }] } as const;
}
