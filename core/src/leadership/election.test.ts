import { describe, expect, it } from "vitest";
import { electionDueMs, initialElection, isLeading, stepElection } from "./election.ts";
import type {
  ElectionEffect,
  ElectionEvent,
  ElectionSettings,
  ElectionState,
  Holder,
} from "./election-state.ts";

// Chance always says 0: claims without stagger, the shortest pauses (50 ms), checks every 3,750 ms.
const settings: ElectionSettings = {
  instance: "us",
  ttlMs: 5_000,
  marginMs: 1_000,
  random: () => 0,
};
const them: Holder = { instance: "them", attempt: 1, epoch: 7, name: "them" };
const us: Holder = { instance: "us", attempt: 1, epoch: 11, name: "us" };

describe("a candidate", () => {
  it("looks first, then watches from there", () => {
    expect(at(0, "start")).toEqual(["read 1"]);
    const seen = run([0, "start"], [10, read(1, 10, them)]);
    expect(seen.effects).toEqual(["watch 2 from 11"]);
    expect(seen.state.tenure.type).toBe("none");
    expect(seen.dueMs).toBe(3_760);
  });

  it("claims a key that nobody has, and leads once it is its own", () => {
    const claimed = run([0, "start"], [10, read(1, 10)]);
    expect(claimed.effects).toEqual(["watch 2 from 11", "claim 1"]);
    const won = then(claimed, [20, { type: "claim-won", attempt: 1, revision: 11 }]);
    expect(won.effects).toEqual(["elected 11"]);
    expect(won.leadsAt(20)).toBe(true);
  });

  it("claims at once when the key is deleted", () => {
    const seen = run([0, "start"], [10, read(1, 10, them)], [900, watch(2, 12)]);
    expect(seen.effects).toEqual(["claim 1"]);
  });

  it("does not claim a key that was taken before its turn came", () => {
    const late = { ...settings, random: () => 0.9 };
    let { state } = stepElection(late, step(initialElection, "start", 0));
    state = stepElection(late, step(state, read(1, 10), 10)).state;
    state = stepElection(late, step(state, watch(2, 12, them), 20)).state;
    expect(stepElection(late, step(state, "tick", 1_000)).effects).toEqual([]);
  });

  it("looks again after losing a claim, and gives its lease back", () => {
    const claimed = run([0, "start"], [10, read(1, 10)]);
    const lost = then(claimed, [20, { type: "claim-lost", attempt: 1 }]);
    expect(lost.effects).toEqual(["release 1", "read 3"]);
  });

  it("looks again in time though its watch says nothing", () => {
    const seen = run([0, "start"], [10, read(1, 10, them)], [3_760, "tick"]);
    expect(seen.effects).toEqual(["read 3"]);
    expect(then(seen, [3_770, read(3, 10)]).effects).toEqual(["claim 1"]);
  });

  it("reads before it watches again, after growing pauses that a working read does not reset", () => {
    const pausesMs: number[] = [];
    const jittery = { ...settings, random: () => 0.999 };
    let { state } = run([0, "start"]);
    let nowMs = 0;
    for (let id = 1; id < 13; id += 2) {
      state = stepElection(jittery, step(state, read(id, 10, them), nowMs)).state;
      state = stepElection(jittery, step(state, { type: "watch-lost", id: id + 1 }, nowMs)).state;
      const dueMs = electionDueMs(state, jittery);
      pausesMs.push(Math.round(dueMs - nowMs));
      nowMs = dueMs;
      const next = stepElection(jittery, step(state, "tick", nowMs));
      expect(next.effects.map(show)).toEqual([`read ${id + 2}`]);
      state = next.state;
    }
    expect(pausesMs).toEqual([150, 250, 450, 849, 1_648, 1_998]);
  });

  it("forgets its failures when a check finds the watch standing", () => {
    const failing = run([0, "start"], [5, { type: "read-failed", id: 1 }], [55, "tick"]);
    expect(failing.state.view.failures).toBe(1);
    const seen = then(
      failing,
      [60, read(2, 10, them)],
      [3_810, "tick"],
      [3_811, read(4, 10, them)],
    );
    expect(seen.state.view.failures).toBe(0);
  });
});

describe("a claim without an answer", () => {
  const doubtful = run(
    [0, "start"],
    [10, read(1, 10)],
    [1_500, { type: "claim-failed", attempt: 1 }],
    [1_550, "tick"],
  );

  it("is followed by a look at the key", () => {
    expect(doubtful.effects).toEqual(["read 3"]);
  });

  it.each<{ name: string; steps: Input[]; effects: string[]; leads: boolean }>([
    {
      name: "its own key by reading",
      steps: [[1_560, read(3, 11, us)]],
      effects: ["elected 11"],
      leads: true,
    },
    {
      name: "its own key by watching",
      steps: [[1_560, watch(2, 11, us)]],
      effects: ["elected 11"],
      leads: true,
    },
    {
      name: "its own key when its lease may have ended",
      steps: [[4_010, read(3, 11, us)]],
      effects: ["release 1", "remove 11"],
      leads: false,
    },
    {
      name: "no key",
      steps: [[1_560, read(3, 11)]],
      effects: ["release 1"],
      leads: false,
    },
    {
      name: "the key of another",
      steps: [[1_560, read(3, 11, { ...them, epoch: 11 })]],
      effects: ["release 1"],
      leads: false,
    },
    {
      name: "an answer after all",
      steps: [[1_560, { type: "claim-won", attempt: 1, revision: 11 }]],
      effects: ["elected 11"],
      leads: true,
    },
  ])("finds $name", ({ steps, effects, leads }) => {
    const found = then(doubtful, ...steps);
    expect(found.effects.slice(0, effects.length)).toEqual(effects);
    expect(found.leadsAt(1_560)).toBe(leads);
  });

  it("is claimed under a new lease if it was not done", () => {
    expect(then(doubtful, [1_560, read(3, 11)]).effects).toEqual(["release 1", "claim 2"]);
  });

  it("deletes its key if it was done when it had been given up", () => {
    const givenUp = then(doubtful, [1_560, read(3, 11, { ...them, epoch: 11 })]);
    const done = then(givenUp, [1_600, watch(2, 13, { ...us, epoch: 13 })]);
    expect(done.effects).toEqual(["remove 13"]);
    expect(done.leadsAt(1_600)).toBe(false);
  });

  it("leaves the key of an earlier run of the same candidate alone", () => {
    const seen = then(doubtful, [1_560, read(3, 11, { ...us, instance: "us, before" })]);
    expect(seen.effects).toEqual(["release 1"]);
  });
});

describe("a leader", () => {
  const leading = run(
    [0, "start"],
    [10, read(1, 10)],
    [500, { type: "claim-won", attempt: 1, revision: 11 }],
  );

  it("counts its term from before the request, less the margin", () => {
    expect([leading.leadsAt(4_009), leading.leadsAt(4_010)]).toEqual([true, false]);
  });

  it("does not lead when the answer came too late", () => {
    const claimed = run([0, "start"], [10, read(1, 10)]);
    const late = then(claimed, [4_010, { type: "claim-won", attempt: 1, revision: 11 }]);
    expect(late.effects).toEqual(["release 1", "read 3"]);
    expect(late.leadsAt(4_010)).toBe(false);
  });

  it("keeps its lease alive three times a term, each counted from its sending", () => {
    const kept = then(leading, [1_700, "tick"]);
    expect(kept.effects).toEqual(["keep-alive 1 sent 1700"]);
    const done = then(kept, [3_000, { type: "keep-alive-done", attempt: 1, sentMs: 1_700 }]);
    expect([done.leadsAt(5_699), done.leadsAt(5_700)]).toEqual([true, false]);
    expect(done.dueMs).toBeCloseTo(1_700 + 5_000 / 3);
  });

  it("tries again soon when that fails", () => {
    const failing = then(
      leading,
      [1_700, "tick"],
      [1_800, { type: "keep-alive-failed", attempt: 1 }],
    );
    expect(failing.dueMs).toBe(1_850);
    expect(then(failing, [1_850, "tick"]).effects).toEqual(["keep-alive 1 sent 1850"]);
  });

  it("is not brought back by an answer past its fence, nor by a late answer within", () => {
    const kept = then(leading, [1_700, "tick"]);
    const late = then(kept, [5_000, { type: "keep-alive-done", attempt: 1, sentMs: 1_700 }]);
    expect(late.effects).toEqual(["deposed 11 not renewed in time", "release 1", "read 3"]);
    expect(late.leadsAt(5_000)).toBe(false);
    const newer = then(kept, [2_000, { type: "keep-alive-done", attempt: 1, sentMs: 1_900 }]);
    const older = then(newer, [2_001, { type: "keep-alive-done", attempt: 1, sentMs: 1_700 }]);
    expect(older.leadsAt(5_899)).toBe(true);
  });

  it.each<{ name: string; event: ElectionEvent; reason: string }>([
    {
      name: "its lease is gone",
      event: { type: "lease-gone", attempt: 1 },
      reason: "the lease is gone",
    },
    { name: "its key is deleted", event: watch(2, 12), reason: "the key is gone" },
    {
      name: "another has its key",
      event: watch(2, 13, { ...them, epoch: 13 }),
      reason: "another took the key",
    },
    {
      name: "its key was made anew, even in its name",
      event: watch(2, 13, { ...us, epoch: 13 }),
      reason: "another took the key",
    },
    {
      name: "the store refuses its epoch",
      event: { type: "refuted", epoch: 11 },
      reason: "another took the key",
    },
    { name: "it is stopped", event: { type: "stop" }, reason: "stopped" },
    { name: "its fence is passed", event: { type: "tick" }, reason: "not renewed in time" },
  ])("steps down when $name", ({ event, reason }) => {
    const atMs = event.type === "tick" ? 4_010 : 1_000;
    const down = then(leading, [atMs, event]);
    expect(down.effects.slice(0, 2)).toEqual([`deposed 11 ${reason}`, "release 1"]);
    expect(down.leadsAt(atMs)).toBe(false);
  });

  it.each<{ name: string; event: ElectionEvent }>([
    { name: "what the key was before", event: watch(2, 9, them) },
    { name: "its own key", event: watch(2, 11, us) },
    { name: "another watch", event: watch(1, 13, them) },
    { name: "another attempt's lease", event: { type: "lease-gone", attempt: 0 } },
    { name: "another epoch", event: { type: "refuted", epoch: 10 } },
    { name: "a lost watch", event: { type: "watch-lost", id: 2 } },
  ])("is not moved by $name", ({ event }) => {
    const same = then(leading, [1_000, event]);
    expect(same.leadsAt(1_000)).toBe(true);
    expect(same.effects).toEqual([]);
  });

  it("steps down, and watches anew, when revisions have gone back", () => {
    const checking = then(
      leading,
      [1_700, "tick"],
      [1_710, { type: "keep-alive-done", attempt: 1, sentMs: 1_700 }],
      [3_760, "tick"],
    );
    expect(checking.effects).toContain("read 3");
    const replaced = then(checking, [3_770, read(3, 4)]);
    expect(replaced.effects).toEqual([
      "deposed 11 the store was replaced",
      "release 1",
      "watch 4 from 5",
      "claim 2",
      "read 5",
    ]);
  });

  it("does nothing more once stopped", () => {
    const stopped = then(leading, [1_000, "stop"]);
    expect(stopped.effects.at(-1)).toBe("unwatch");
    expect(stopped.dueMs).toBe(Infinity);
    expect(then(stopped, [9_000, watch(2, 13)], [9_000, "tick"]).effects).toEqual([]);
  });
});

type Input = readonly [atMs: number, event: ElectionEvent | "start" | "stop" | "tick"];

interface Outcome {
  readonly state: ElectionState;
  /** Of the last step. */
  readonly effects: readonly string[];
  readonly dueMs: number;
  leadsAt(nowMs: number): boolean;
}

function at(...input: Input): readonly string[] {
  return run(input).effects;
}

function run(...inputs: readonly Input[]): Outcome {
  return then({ state: initialElection }, ...inputs);
}

function then({ state: from }: { state: ElectionState }, ...inputs: readonly Input[]): Outcome {
  let state = from;
  let effects: readonly ElectionEffect[] = [];
  for (const [nowMs, event] of inputs) {
    ({ state, effects } = stepElection(settings, step(state, event, nowMs)));
  }
  return {
    state,
    effects: effects.map(show),
    dueMs: electionDueMs(state, settings),
    leadsAt: (nowMs) => isLeading(state, settings, nowMs),
  };
}

function step(state: ElectionState, event: Input[1], nowMs: number) {
  return { state, event: typeof event === "string" ? { type: event } : event, nowMs };
}

function read(id: number, revision: number, holder?: Holder): ElectionEvent {
  return { type: "read-done", id, revision, holder };
}

function watch(id: number, revision: number, holder?: Holder): ElectionEvent {
  return { type: "watch-changed", id, revision, holder };
}

function show(effect: ElectionEffect): string {
  switch (effect.type) {
    case "read":
      return `read ${effect.id}`;
    case "watch":
      return `watch ${effect.id} from ${effect.from}`;
    case "unwatch":
      return "unwatch";
    case "claim":
    case "release":
      return `${effect.type} ${effect.attempt}`;
    case "keep-alive":
      return `keep-alive ${effect.attempt} sent ${effect.sentMs}`;
    case "remove":
    case "elected":
      return `${effect.type} ${effect.epoch}`;
    case "deposed":
      return `deposed ${effect.epoch} ${effect.reason}`;
  }
}
