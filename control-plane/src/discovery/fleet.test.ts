import { create } from "@bufbuild/protobuf";
import { createInProcessBus } from "@headgate/bus";
import { ManualClock } from "@headgate/core";
import { admin } from "@headgate/proto";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { Fleet } from "./fleet.ts";
import { decodeFleetReport, encodeFleetReport, pagesOf, reportBytesMax } from "./fleet-report.ts";
import { NodeRegistry } from "./node-registry.ts";

const { CONNECTED, DISCONNECTED } = admin.NodeState;

describe("Fleet", () => {
  it("lists the nodes and the replicas of all, from any", async () => {
    const world = setUp();
    const [one, two] = [world.replica("cp-1"), world.replica("cp.2")];
    one.registry.connected(identity("a"), 3);
    two.registry.connected(identity("b"), 4);
    await world.pass(10_000);
    for (const { fleet } of [one, two]) {
      expect(fleet.listNodes()).toMatchObject([
        { name: "a", replica: "cp-1", state: CONNECTED, appliedVersion: 3n },
        { name: "b", replica: "cp.2", state: CONNECTED, appliedVersion: 4n },
      ]);
      expect(
        fleet
          .listReplicas()
          .map(({ name }) => name)
          .sort(),
      ).toEqual(["cp-1", "cp.2"]);
    }
    expect(one.fleet.listReplicas()[0]).toMatchObject({
      name: "cp-1",
      region: "eu",
      build: "1",
      version: 9n,
      connectedNodes: 1,
    });
    expect(one.fleet.listNodes(({ replica }) => replica === "cp.2")).toHaveLength(1);
  });

  it("tells of changes within a second, and follows a node that moves", async () => {
    const world = setUp();
    const [one, two] = [world.replica("cp-1"), world.replica("cp-2")];
    const before = identity("a");
    one.registry.connected(before, 3);
    await world.pass(1_000);
    expect(two.fleet.listNodes()).toMatchObject([{ replica: "cp-1", state: CONNECTED }]);
    one.registry.disconnected(before);
    await world.pass(1_000);
    expect(two.fleet.listNodes()).toMatchObject([{ replica: "cp-1", state: DISCONNECTED }]);
    two.registry.connected(identity("a"), 5);
    await world.pass(1_000);
    for (const { fleet } of [one, two]) {
      expect(fleet.listNodes()).toMatchObject([
        { replica: "cp-2", state: CONNECTED, appliedVersion: 5n },
      ]);
    }
  });

  it("has everything within ten seconds of starting late", async () => {
    const world = setUp();
    const one = world.replica("cp-1");
    one.registry.connected(identity("a"), 3);
    await world.pass(5_000);
    const late = world.replica("cp-2");
    await world.pass(10_000);
    expect(late.fleet.listNodes()).toHaveLength(1);
  });

  it("takes the nodes of a replica that is silent for disconnected", async () => {
    const world = setUp();
    const [one, two] = [world.replica("cp-1"), world.replica("cp-2")];
    one.registry.connected(identity("a"), 3);
    await world.pass(1_000);
    await one.fleet.stop();
    await world.pass(31_000);
    expect(two.fleet.listNodes()).toMatchObject([{ state: DISCONNECTED, replica: "cp-1" }]);
  });

  it("shows what this replica holds back also at nodes of others", async () => {
    const world = setUp();
    const [one, two] = [world.replica("cp-1"), world.replica("cp-2")];
    one.registry.connected(identity("a"), 3);
    await world.pass(1_000);
    two.held.push({ kind: "model", name: "m", message: "bad" });
    expect(two.fleet.listNodes()).toMatchObject([
      { heldBack: [{ kind: "model", name: "m", message: "bad" }] },
    ]);
  });

  it("warns of another replica under its name, once for each", async () => {
    const world = setUp();
    world.replica("cp-1");
    world.replica("cp-2");
    await world.pass(20_000);
    expect(world.lines).toEqual([]);
    world.replica("cp-1");
    await world.pass(30_000);
    const named = { name: "cp-1", region: "eu", level: 40 };
    // Each of the two says it of the other.
    expect(world.lines).toMatchObject([named, named]);
    expect(String(world.lines[0]?.["msg"])).toMatch(/another replica .* runs under our name/);
  });

  it("shows the load of nodes, ours and others', and sends it to nobody", async () => {
    const world = setUp();
    const [one, two] = [world.replica("cp-1"), world.replica("cp-2")];
    one.registry.connected(identity("a"), 3);
    one.registry.connected(identity("b"), 3);
    one.load.set("a", create(admin.NodeLoadSchema, { inFlight: 5 }));
    await world.pass(1_000);
    expect(one.fleet.listNodes()).toMatchObject([
      { name: "a", load: { inFlight: 5 } },
      { name: "b" },
    ]);
    expect(two.fleet.listNodes().map(({ load }) => load)).toEqual([undefined, undefined]);
    two.load.set("b", create(admin.NodeLoadSchema, { inFlight: 6 }));
    expect(two.fleet.listNodes()[1]).toMatchObject({ load: { inFlight: 6 } });
  });

  it("stays what it is by itself when the bus is closed, and when others talk nonsense", async () => {
    const world = setUp();
    const one = world.replica("cp-1");
    one.registry.connected(identity("a"), 3);
    world.bus.publish("ctl.nodes.eu.evil", Buffer.from([200, 1, 2]));
    await world.pass(1_000);
    await world.bus.close();
    await world.pass(20_000);
    expect(one.fleet.listNodes()).toMatchObject([{ name: "a" }]);
    expect(one.fleet.listReplicas()).toHaveLength(1);
  });
});

describe("fleet reports", () => {
  it("come back as they were, without what is held back", () => {
    const nodes = [
      create(admin.NodeSchema, { name: "a", heldBack: [{ kind: "model", name: "m" }] }),
    ];
    const replica = create(admin.ReplicaSchema, { name: "r" });
    const [page = []] = [...pagesOf(nodes)];
    const read = decodeFleetReport(encodeFleetReport({ replica, nodes: page }));
    expect(read).toMatchObject({ replica: { name: "r" }, nodes: [{ name: "a", heldBack: [] }] });
  });

  it("are cut into pages that fit, also for nodes with long refusals", () => {
    const rejected = Array.from({ length: 100 }, () => ({
      kind: "model",
      name: "m".repeat(128),
      message: "x".repeat(1024),
    }));
    const nodes = Array.from({ length: 3_000 }, (_, n) =>
      create(admin.NodeSchema, { name: `node-${n}`, lastNack: { rejected } }),
    );
    const replica = create(admin.ReplicaSchema, { name: "r" });
    const pages = [...pagesOf(nodes)];
    expect(pages.flat()).toHaveLength(3_000);
    for (const page of pages) {
      expect(encodeFleetReport({ replica, nodes: page }).length).toBeLessThan(
        reportBytesMax + 1024,
      );
    }
  });

  it("are refused when cut short", () => {
    const report = encodeFleetReport({
      replica: create(admin.ReplicaSchema, { name: "r" }),
      nodes: [],
    });
    expect(() => decodeFleetReport(report.subarray(0, report.length - 2))).toThrow("cut short");
  });
});

function setUp() {
  const clock = new ManualClock();
  const lines: Record<string, unknown>[] = [];
  const logger = pino({ base: null }, { write: (line) => void lines.push(JSON.parse(line)) });
  const bus = createInProcessBus({ clock, onError: () => undefined });
  const replica = (name: string) => {
    const registry = new NodeRegistry(clock, name);
    const held: { kind: string; name: string; message: string }[] = [];
    const load = new Map<string, admin.NodeLoad>();
    const fleet = new Fleet({
      bus,
      clock,
      logger,
      replica: { name, region: "eu", build: "1" },
      registry,
      version: () => 9,
      connectedNodes: () => 1,
      heldOf: () => held,
      loadOf: (node) => load.get(node.name),
    });
    return { registry, fleet, held, load };
  };
  /** In steps, so that what one tells is heard before the next. */
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 500) {
      await clock.advance(500);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { clock, bus, replica, pass, lines };
}

function identity(name: string) {
  return { name, region: "eu", build: "1", bootId: "b" };
}
