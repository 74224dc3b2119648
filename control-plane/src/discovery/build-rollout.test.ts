import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type BuildName,
  buildNames,
  entry,
  RolloutWorld,
  type WorldEvent,
} from "./__fixtures__/rollout-world.ts";
import { BuildRollout } from "./build-rollout.ts";
import { defaultRolloutTimes } from "./rollout.ts";
import { SnapshotCache } from "./snapshot-cache.ts";

const nodeCount = 6;

// A replica, two builds, six nodes that apply deltas by the book: between them only the decisions
// under test, against scripts of changes, poison, answers, lies, losses and pauses.
describe("the rollout of builds", () => {
  it("brings every node to the newest of what its build accepts, and never sends what is held back", () => {
    check(noTeams, { names: "each" }, (world) => {
      world.settle();
      for (const build of buildNames) {
        const view = world.viewOf(build);
        for (const [id, newest] of world.cache.entries()) {
          if (world.isPoison(build, newest)) expect(view.get(id)).not.toBe(newest);
          else expect(view.get(id)).toBe(newest);
        }
        for (const one of view.values()) expect(world.isPoison(build, one)).toBe(false);
        for (const node of world.nodes.filter((one) => one.build === build)) {
          expect(node.content).toEqual(view);
        }
      }
    });
  });

  it("converges also when keys need teams, and refusals name nothing", () => {
    for (const names of ["each", "none"] as const) {
      check(withTeams, { names }, (world) => {
        world.settle();
        // Refused without a name, and without a past to go back to: that waits for the next change, and so
        // do nodes of the build that had accepted a part of it.
        const waiting = new Set(
          world.nodes.filter((one) => one.hasRefused).map((one) => one.build),
        );
        for (const { build, content } of world.nodes) {
          if (waiting.has(build) || !world.rollouts[build].view.isOpen) continue;
          expect(content).toEqual(world.viewOf(build));
        }
      });
    }
  });

  it("lets no node that is not due admit a secret that is no longer in force", () => {
    for (const names of ["each", "none"] as const) {
      check(
        withTeams,
        { names },
        () => undefined,
        (world) => {
          for (const build of buildNames) {
            if (!world.rollouts[build].view.isOpen) continue;
            for (const [id, one] of world.viewOf(build)) {
              if (one.admits) expect(world.cache.entry(id)?.admits).toBe(one.admits);
            }
          }
          for (const [index, node] of world.nodes.entries()) {
            const { isOpen } = world.rollouts[node.build].view;
            if (!isOpen || node.delta || node.version === 0 || world.isDue(index)) continue;
            for (const [id, one] of node.content) {
              if (one.admits && !node.hasRefused) {
                expect(world.cache.entry(id)?.admits).toBe(one.admits);
              }
            }
          }
        },
      );
    }
  });

  it("never takes back what a node has accepted for all", () => {
    check(
      noTeams,
      { names: "each" },
      () => undefined,
      (world) => {
        for (const build of buildNames) {
          const view = world.viewOf(build);
          for (const [id, revision] of world.accepted[build]) {
            if (!world.cache.entry(id)) world.accepted[build].delete(id);
            else if (view.has(id)) expect(view.get(id)?.revision).toBeGreaterThanOrEqual(revision);
          }
        }
      },
    );
  });

  it("computes the state hash of the view as a node would", () => {
    check(
      withTeams,
      { names: "each" },
      () => undefined,
      (world) => {
        for (const build of buildNames) {
          const whole = [...world.viewOf(build).values()].reduce(
            (hash, { hash: h }) => hash ^ h,
            0n,
          );
          expect(world.rollouts[build].view.state.stateHash).toBe(whole);
        }
      },
    );
  });
});

// What chance finds too seldom. Nodes 0, 1 and 2 are of build A.
describe("nodes of a build", () => {
  it("that accepted a change late are not taken back while others try it, but lose what is revoked", () => {
    const world = opened();
    world.play({ type: "key", name: "key/k", secret: 0 });
    world.play({ type: "publish" });
    world.play({ type: "deliver", node: 0 });
    world.play({ type: "pass", ms: 2_000 });
    world.play({ type: "deliver", node: 1 });
    world.play({ type: "answer", node: 0 });
    expect(world.nodes[0]?.content.has("key/k")).toBe(true);
    expect(world.viewOf("A").has("key/k")).toBe(false);
    expect(world.isDue(0)).toBe(false);
    world.play({ type: "unkey", name: "key/k" });
    world.play({ type: "serve", node: 0 });
    expect(world.nodes[0]?.content.has("key/k")).toBe(false);
  });

  it("do not lose what one of them has accepted because another refuses it", () => {
    const world = opened();
    world.play({ type: "put", name: "model/a" });
    world.play({ type: "publish" });
    world.play({ type: "serve", node: 0 });
    world.play({ type: "deliver", node: 1 });
    world.play({ type: "lie", node: 1, about: "model/a" });
    expect(world.held.A).toEqual([]);
    world.play({ type: "serve", node: 2 });
    expect(world.nodes[2]?.content.has("model/a")).toBe(true);
    world.play({ type: "put", name: "model/b" });
    world.settle();
    expect(world.nodes[1]?.content).toEqual(world.viewOf("A"));
  });

  it("that bring what is pending here from another replica are not taken back", () => {
    const world = opened();
    world.play({ type: "put", name: "model/a" });
    const elsewhere = new Map(world.cache.entries());
    world.play({ type: "put", name: "model/b" });
    world.play({ type: "publish" });
    Object.assign(world.nodes[2] ?? {}, { version: 2, content: elsewhere });
    world.play({ type: "reconnect", node: 2 });
    expect(world.isDue(2)).toBe(false);
    world.settle();
    expect(world.nodes[2]?.content).toEqual(new Map(world.cache.entries()));
  });

  /** All nodes have what there is. */
  function opened(): RolloutWorld {
    const world = new RolloutWorld({ nodes: nodeCount });
    world.settle();
    return world;
  }
});

describe("a node that got something large", () => {
  it("gets an empty delta behind it, once, so that the large one is let go of", () => {
    const cache = new SnapshotCache();
    const large = {
      ...entry("team/base", 1),
      field: { no: 4, wireType: 2, data: new Uint8Array(65_536) },
    };
    cache.replaceAll(1, new Map([["team/base", large]]), 0);
    cache.publish();
    const events = { onHeld: () => undefined, onTrouble: () => undefined };
    const rollout = new BuildRollout({ cache, times: defaultRolloutTimes, events });
    rollout.join({ id: "1", wake: () => undefined }, { version: 0, stateHash: 0n }, 0);
    expect(rollout.take("1").upserts).toHaveLength(1);
    rollout.acked("1", 0);
    expect(rollout.isDue("1", 0)).toBe(true);
    expect(rollout.take("1")).toMatchObject({
      fromVersion: 1,
      version: 1,
      upserts: [],
      removed: [],
    });
    rollout.acked("1", 0);
    expect(rollout.isDue("1", 0)).toBe(false);
  });
});

describe("a node that is ahead of this replica", () => {
  it("waits for the replica to catch up rather than go back, but not for ever", () => {
    const { cache, rollout } = behind();
    expect(rollout.isDue("2", 100)).toBe(false);
    cache.apply(5, [{ id: "team/base", entry: entry("team/base", 5) }], 100);
    cache.publish();
    rollout.look(100);
    expect(rollout.isDue("2", 100)).toBe(true);
    expect(rollout.take("2")).toMatchObject({
      fromVersion: 5,
      version: 5,
      upserts: [],
      removed: [],
    });
    const late = behind().rollout;
    expect(late.isDue("2", 4_999)).toBe(false);
    expect(late.isDue("2", 5_000)).toBe(true);
    expect(late.take("2")).toMatchObject({ fromVersion: 0, version: 1 });
  });

  function behind() {
    const cache = new SnapshotCache();
    cache.replaceAll(1, new Map([["team/base", entry("team/base", 1)]]), 0);
    cache.publish();
    const events = { onHeld: () => undefined, onTrouble: () => undefined };
    const rollout = new BuildRollout({ cache, times: defaultRolloutTimes, events });
    const member = (id: string) => ({ id, wake: () => undefined });
    rollout.join(member("1"), { version: 1, stateHash: entry("team/base", 1).hash }, 0);
    rollout.join(member("2"), { version: 5, stateHash: entry("team/base", 5).hash }, 0);
    return { cache, rollout };
  }
});

function check(
  events: fc.Arbitrary<WorldEvent>,
  { names }: { readonly names: "each" | "none" },
  atEnd: (world: RolloutWorld) => void,
  afterEach: (world: RolloutWorld) => void = () => undefined,
): void {
  fc.assert(
    fc.property(fc.array(events, { maxLength: 80, size: "max" }), (script) => {
      const world = new RolloutWorld({ nodes: nodeCount, names });
      for (const event of script) {
        world.play(event);
        afterEach(world);
      }
      atEnd(world);
    }),
    { numRuns: 400 },
  );
}

function of<T extends WorldEvent>(weight: number, arbitrary: fc.Arbitrary<T>) {
  return { weight, arbitrary };
}

const model = fc.constantFrom("model/a", "model/b", "model/c");
const key = fc.constantFrom("key/k", "key/l");
const team = fc.constantFrom("team/s", "team/t");
const node = fc.nat(nodeCount - 1);
const build = fc.option(fc.constantFrom<BuildName>("A", "B"), { nil: undefined });
const secret = fc.nat(3);

const common = [
  of(5, fc.record({ type: fc.constant("put" as const), name: model, poisons: build })),
  of(2, fc.record({ type: fc.constant("remove" as const), name: model })),
  of(2, fc.record({ type: fc.constantFrom("revoke" as const, "unkey" as const), name: key })),
  of(4, fc.record({ type: fc.constant("publish" as const) })),
  of(
    3,
    fc.record({
      type: fc.constant("pass" as const),
      ms: fc.constantFrom(100, 1_000, 2_000, 11_000),
    }),
  ),
  of(
    12,
    fc.record({
      type: fc.constantFrom("deliver" as const, "answer" as const, "serve" as const),
      node,
    }),
  ),
  of(2, fc.record({ type: fc.constant("reconnect" as const), node })),
  of(1, fc.record({ type: fc.constant("restart" as const), node })),
];
const noTeams: fc.Arbitrary<WorldEvent> = fc.oneof(
  ...common,
  of(3, fc.record({ type: fc.constant("key" as const), name: key, secret })),
);
const withTeams: fc.Arbitrary<WorldEvent> = fc.oneof(
  ...common,
  of(1, fc.record({ type: fc.constant("lie" as const), node })),
  of(2, fc.record({ type: fc.constant("put" as const), name: team, poisons: build })),
  of(2, fc.record({ type: fc.constant("remove" as const), name: team })),
  of(
    4,
    fc.record({
      type: fc.constant("key" as const),
      name: key,
      secret,
      team: fc.option(team, { nil: undefined }),
    }),
  ),
);
