import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createInProcessBus, subjectToken } from "@headgate/bus";
import { ManualClock } from "@headgate/core";
import { discovery } from "@headgate/proto";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { createControlPlaneMetrics } from "../telemetry/control-plane-metrics.ts";
import { LoadDirectory } from "./load-directory.ts";
import { LoadFeed } from "./load-feed.ts";
import { loadSampleFrom } from "./load-sample.ts";

const node = { region: "eu", name: "eu-1" };

describe("LoadFeed", () => {
  it("tells what nodes report, until they have not for ten seconds", async () => {
    const world = setUp();
    expect(world.feed.loadOf(node)).toBeUndefined();
    await world.hear({ sequence: 1n, uptimeMs: 1_000n, calls: 5n, inFlight: 2 });
    expect(world.feed.loadOf(node)).toMatchObject({ inFlight: 2 });
    await world.hear({ sequence: 2n, uptimeMs: 2_000n, calls: 8n, inFlight: 1 });
    expect(world.feed.loadOf(node)).toMatchObject({ inFlight: 1, callsPerSecond: 3 });
    expect(world.feed.loadOf({ region: "us", name: "eu-1" })).toBeUndefined();

    await world.clock.advance(9_500);
    expect(world.feed.loadOf(node)).toMatchObject({ inFlight: 1 });
    await world.clock.advance(1_000);
    expect(world.feed.loadOf(node)).toBeUndefined();
    await world.hear({ sequence: 14n, uptimeMs: 14_000n, inFlight: 4 });
    expect(world.feed.loadOf(node)).toMatchObject({ inFlight: 4 });
    expect(world.feed.loadOf(node)?.callsPerSecond).toBeUndefined();
  });

  it("takes another process of a clock set back, once the one before is silent", async () => {
    const world = setUp();
    await world.hear({ sequence: 9n, bootId: "b1", inFlight: 1 });
    const before = timestampFromMs(1_000);
    await world.hear({ sequence: 1n, bootId: "b2", inFlight: 2, time: before });
    expect(world.feed.loadOf(node)).toMatchObject({ inFlight: 1 });
    await world.clock.advance(10_000);
    await world.hear({ sequence: 2n, bootId: "b2", inFlight: 2, time: before });
    expect(world.feed.loadOf(node)).toMatchObject({ inFlight: 2 });
  });

  it.each([
    { name: "no report", data: Buffer.from([200, 1, 2]) },
    { name: "of another node", data: encode({ node: "eu-2" }) },
    { name: "of another region", data: encode({ region: "us" }) },
    { name: "with a number beyond reason", data: encode({ rssBytes: 2n ** 64n - 1n }) },
    { name: "of a year without four digits", data: encode({ time: timestampFromMs(9e15) }) },
    { name: "without end", data: encode({ bootId: "b".repeat(4_000) }) },
  ])("counts what is $name, and warns once", async ({ data }) => {
    const world = setUp();
    for (let second = 0; second < 3; second++) {
      world.bus.publish("load.eu.eu-1", data);
      await world.clock.advance(1_000);
    }
    expect(world.feed.loadOf(node)).toBeUndefined();
    expect(await world.count("unreadable")).toBe(3);
    expect(world.lines).toHaveLength(1);
  });

  it("hears names that subjects have no room for", async () => {
    const world = setUp();
    const odd = { region: "eu.west", name: "node.example.com" };
    await world.hear({ ...odd, node: odd.name, inFlight: 3 }, /^load\.eu_west_\w+\.node_ex\w+$/);
    expect(world.feed.loadOf(odd)).toMatchObject({ inFlight: 3 });
  });

  it("counts what it took, and how many nodes report", async () => {
    const world = setUp();
    await world.hear({ sequence: 2n });
    await world.hear({ sequence: 1n });
    await world.hear({ node: "eu-2" });
    expect([await world.count("taken"), await world.count("late")]).toEqual([2, 1]);
    const text = await world.registry.metrics();
    expect(text).toContain("headgate_load_nodes 2");
    await world.clock.advance(11_000);
    expect(await world.registry.metrics()).toContain("headgate_load_nodes 0");
  });

  it("hears no more once stopped", async () => {
    const world = setUp();
    await world.feed.stop();
    await world.feed.stop();
    await world.hear({ inFlight: 1 });
    expect(world.feed.loadOf(node)).toBeUndefined();
  });
});

describe("LoadDirectory", () => {
  it("forgets who is silent, although one that was heard of before goes on", () => {
    const { directory, receive } = directoryOf(2);
    receive("a", 0);
    receive("b", 1_000);
    receive("a", 9_000, 2n);
    expect(directory.loadOf({ region: "eu", name: "b" }, 11_001)).toBeUndefined();
    expect(directory.loadOf({ region: "eu", name: "a" }, 11_001)).toBeDefined();
    expect(directory.size(11_001)).toBe(1);
  });

  it("refuses nodes beyond its bound, until others are silent", () => {
    const { directory, receive } = directoryOf(2);
    expect([receive("a", 0), receive("b", 5_000), receive("c", 6_000)]).toEqual([
      ...["taken", "taken", "refused"],
    ]);
    expect(receive("b", 7_000, 2n)).toBe("taken");
    expect(receive("c", 10_001)).toBe("taken");
    expect(directory.size(10_001)).toBe(2);
    expect(directory.loadOf({ region: "eu", name: "a" }, 10_001)).toBeUndefined();
  });
});

function directoryOf(nodesMax: number) {
  const directory = new LoadDirectory({ nodesMax });
  const receive = (name: string, nowMs: number, sequence = 1n) => {
    const report = create(discovery.LoadReportSchema, { bootId: "b", sequence });
    return directory.receive({ region: "eu", name }, loadSampleFrom(report), nowMs);
  };
  return { directory, receive };
}

type Given = Partial<discovery.LoadReport>;

function encode(given: Given): Uint8Array {
  const { $typeName, $unknown, ...fields } = given;
  const usual = { node: node.name, region: node.region, bootId: "b1", sequence: 1n };
  const report = create(discovery.LoadReportSchema, { ...usual, ...fields });
  return toBinary(discovery.LoadReportSchema, report);
}

function setUp() {
  const clock = new ManualClock();
  const bus = createInProcessBus({ clock, onError: () => undefined });
  const lines: string[] = [];
  const logger = pino({ level: "warn" }, { write: (line: string) => lines.push(line) });
  const { registry, load: metrics } = createControlPlaneMetrics();
  const feed = new LoadFeed({ bus, clock, logger, metrics });
  const hear = async (given: Given, subject?: RegExp) => {
    const to = subjectFor(given);
    if (subject) expect(to).toMatch(subject);
    bus.publish(to, encode({ time: timestampFromMs(clock.wallTimeMs()), ...given }));
    await clock.advance(300);
  };
  const count = async (outcome: string) => {
    const { values } = await metrics.reports.get();
    return values.find(({ labels }) => labels.outcome === outcome)?.value ?? 0;
  };
  return { clock, bus, feed, hear, count, registry, lines };
}

function subjectFor({ region = node.region, node: name = node.name }: Given): string {
  return `load.${subjectToken(region)}.${subjectToken(name)}`;
}
