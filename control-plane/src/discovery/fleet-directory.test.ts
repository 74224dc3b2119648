import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { admin } from "@headgate/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FleetDirectory } from "./fleet-directory.ts";

const { CONNECTED, DISCONNECTED } = admin.NodeState;
const secondMs = 1_000;
const hourMs = 3_600_000;

describe("FleetDirectory", () => {
  it.each([
    {
      name: "the connected one",
      ours: node(DISCONNECTED, 90),
      theirs: node(CONNECTED, 10),
      wins: "theirs",
    },
    {
      name: "the newer connection",
      ours: node(CONNECTED, 10),
      theirs: node(CONNECTED, 20),
      wins: "theirs",
    },
    {
      name: "ours if it is newer",
      ours: node(CONNECTED, 30),
      theirs: node(CONNECTED, 20),
      wins: "ours",
    },
    {
      name: "the one seen last, if both are gone",
      ours: node(DISCONNECTED, 10, 50),
      theirs: node(DISCONNECTED, 5, 60),
      wins: "theirs",
    },
  ])("shows of two records of a node $name", ({ ours, theirs, wins }) => {
    const directory = new FleetDirectory();
    directory.receive(report("r2", [theirs]), at(0));
    const [shown] = directory.nodes([ours], at(0));
    expect(shown).toEqual(wins === "ours" ? ours : { ...theirs, replica: "r2" });
  });

  it("takes the nodes of a replica that is silent for 30 s for disconnected, and forgets them after a day", () => {
    const directory = new FleetDirectory();
    directory.receive(report("r2", [node(CONNECTED, 10, 10)]), at(0));
    expect(states(directory, 30 * secondMs)).toEqual([CONNECTED]);
    expect(states(directory, 30 * secondMs + 1)).toEqual([DISCONNECTED]);
    expect(states(directory, 24 * hourMs)).toEqual([DISCONNECTED]);
    expect(states(directory, 24 * hourMs + 1)).toEqual([]);
  });

  it("lists replicas heard of in the last ten minutes, with when", () => {
    const directory = new FleetDirectory();
    directory.receive(report("r2", []), at(5_000));
    const [listed] = directory.replicas(at(6_000));
    expect(listed).toMatchObject({ name: "r2", lastSeenTime: timestampFromMs(5_000) });
    expect(directory.replicas(at(5_000 + 10 * 60_000 + 1))).toEqual([]);
  });

  it("takes a replica's nodes for disconnected when it has started anew, until it says otherwise", () => {
    const directory = new FleetDirectory();
    directory.receive(report("r2", [node(CONNECTED, 10)], 100), at(0));
    directory.receive(report("r2", [], 200), at(1));
    expect(states(directory, 1)).toEqual([DISCONNECTED]);
    directory.receive(report("r2", [node(CONNECTED, 10)], 100), at(2));
    expect(states(directory, 2)).toEqual([DISCONNECTED]);
    directory.receive(report("r2", [node(CONNECTED, 300)], 200), at(3));
    expect(states(directory, 3)).toEqual([CONNECTED]);
  });

  it("keeps 20,000 nodes, those that are connected first", () => {
    const directory = new FleetDirectory();
    const many = Array.from({ length: 20_000 }, (_, n) => ({
      ...node(n === 7 ? DISCONNECTED : CONNECTED, 1),
      name: `n${n}`,
    }));
    directory.receive(report("r2", many), at(0));
    directory.receive(
      report("r3", [
        { ...node(CONNECTED, 1), name: "late" },
        { ...node(CONNECTED, 1), name: "too-late" },
      ]),
      at(0),
    );
    const names = directory.nodes([], at(0)).map(({ name }) => name);
    expect(names).toHaveLength(20_000);
    expect(names).toContain("late");
    expect(names).not.toContain("n7");
    expect(names).not.toContain("too-late");
  });

  it("keeps 256 replicas, those heard of last", () => {
    const directory = new FleetDirectory();
    for (let n = 0; n < 300; n++) directory.receive(report(`r${n}`, []), at(n));
    const names = directory.replicas(at(300)).map(({ name }) => name);
    expect(names).toHaveLength(256);
    expect(names).not.toContain("r0");
    expect(names).toContain("r299");
  });

  it("forgets a node that was removed, everywhere", () => {
    const directory = new FleetDirectory();
    directory.receive(report("r2", [node(DISCONNECTED, 10)]), at(0));
    directory.forgetNode("n");
    expect(directory.nodes([], at(0))).toEqual([]);
  });

  it("shows the same whatever the order in which replicas are heard, and however often", () => {
    const state = fc.constantFrom(CONNECTED, DISCONNECTED);
    const reports = fc.uniqueArray(
      fc.record({ replica: fc.constantFrom("r2", "r3", "r4"), state, time: fc.nat(1_000) }),
      { selector: ({ replica }) => replica },
    );
    const distinct = reports.filter(
      (all) => new Set(all.map(({ time }) => time)).size === all.length,
    );
    fc.assert(
      fc.property(distinct, fc.infiniteStream(fc.nat(10)), (all, shuffle) => {
        const told = all.map((one) => report(one.replica, [node(one.state, one.time, one.time)]));
        const [first, second] = [new FleetDirectory(), new FleetDirectory()];
        for (const one of told) first.receive(one, at(0));
        const mixed = told.map((one) => ({ one, key: shuffle.next().value ?? 0 }));
        mixed.sort((a, b) => a.key - b.key);
        for (const { one } of [...mixed, ...mixed]) second.receive(one, at(0));
        expect(second.nodes([], at(0))).toEqual(first.nodes([], at(0)));
      }),
    );
  });
});

function states(directory: FleetDirectory, ms: number) {
  return directory.nodes([], at(ms)).map(({ state }) => state);
}

function at(ms: number) {
  return { nowMs: ms, wallTimeMs: ms };
}

function report(name: string, nodes: readonly admin.Node[], startTimeMs = 0) {
  const startTime = timestampFromMs(startTimeMs);
  const replica = create(admin.ReplicaSchema, { name, region: "eu", startTime });
  return { replica, nodes: nodes.map((one) => ({ ...one, replica: name })) };
}

function node(state: admin.NodeState, connectMs: number, seenMs = connectMs): admin.Node {
  return create(admin.NodeSchema, {
    name: "n",
    state,
    connectTime: timestampFromMs(connectMs),
    lastSeenTime: timestampFromMs(seenMs),
  });
}
