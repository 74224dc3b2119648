import { fromBinary } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type Bus, type BusStatus, createInProcessBus } from "@headgate/bus";
import { ManualClock } from "@headgate/core";
import { discovery } from "@headgate/proto";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { LoadReporter, type LoadReporterOptions } from "./load-reporter.ts";
import { noLoad, type WorkerLoad } from "./worker-load.ts";

describe("LoadReporter", () => {
  it("says every second all that there is to say, numbered", async () => {
    const world = await setUp({
      load: { inFlight: 2, calls: 30, failedCalls: 4, inputTokens: 500, outputTokens: 60.4 },
      state: { workers: 2, appliedVersion: 7n, draining: true },
    });
    await world.clock.advance(3_000);
    expect(world.subjects).toEqual(Array(3).fill("load.eu_west_6e292c9d015c757d.eu-1"));
    expect(world.reports.map(({ sequence, uptimeMs }) => [sequence, uptimeMs])).toEqual([
      ...[
        [1n, 1_000n],
        [2n, 2_000n],
        [3n, 3_000n],
      ],
    ]);
    const [first] = world.reports;
    expect(first).toMatchObject({
      ...{ node: "eu-1", region: "eu.west", bootId: "boot", rssBytes: 9n },
      ...{ inFlight: 2, calls: 30n, failedCalls: 4n, inputTokens: 500n, outputTokens: 60n },
      ...{ workers: 2, appliedVersion: 7n, draining: true },
    });
    expect(first?.time && timestampMs(first.time)).toBe(world.clock.wallTimeMs() - 2_000);
  });

  it.each([
    { name: "more than all numbers", value: Number.POSITIVE_INFINITY, said: 2n ** 53n - 1n },
    { name: "no number", value: Number.NaN, said: 0n },
    { name: "less than none", value: -5, said: 0n },
  ])("still reports when providers have counted $name", async ({ value, said }) => {
    const world = await setUp({ load: { ...noLoad, outputTokens: value } });
    await world.clock.advance(1_000);
    expect(world.reports).toMatchObject([{ outputTokens: said }]);
  });

  it("does not ask workers that are slow to answer again", async () => {
    const asked: PromiseWithResolvers<WorkerLoad>[] = [];
    const ask = () => {
      asked.push(Promise.withResolvers());
      return asked.at(-1)?.promise ?? Promise.reject(new Error("never"));
    };
    const world = await setUp({ ask });
    await world.clock.advance(5_000);
    expect(asked).toHaveLength(1);
    expect(world.reports).toHaveLength(0);
    asked[0]?.resolve(noLoad);
    await world.clock.advance(1_000);
    expect(asked).toHaveLength(2);
    expect(world.reports).toHaveLength(1);
  });

  it("tells trouble with the bus once, and its end", async () => {
    const world = await setUp({});
    await world.clock.advance(2_000);
    expect(world.lines).toEqual([]);
    world.away.isAway = true;
    await world.clock.advance(5_000);
    expect(world.lines).toEqual(["load reports don't reach the bus; calls go on"]);
    world.away.isAway = false;
    await world.clock.advance(5_000);
    expect(world.lines).toEqual([
      "load reports don't reach the bus; calls go on",
      "load reports reach the bus again",
    ]);
    expect(world.reports.map(({ sequence }) => sequence)).toEqual([1n, 2n, 8n, 9n, 10n, 11n, 12n]);
  });

  it("survives a bus that was closed, and workers that fail", async () => {
    const closed = await setUp({});
    await closed.bus.close();
    await closed.clock.advance(5_000);
    expect(closed.lines).toHaveLength(1);
    const failing = await setUp({ ask: () => Promise.reject(new Error("no")) });
    await failing.clock.advance(5_000);
    expect(failing.lines).toHaveLength(1);
  });

  it("says nothing once stopped, not even what it was asking for", async () => {
    const answer = Promise.withResolvers<WorkerLoad>();
    const world = await setUp({ ask: () => answer.promise });
    await world.clock.advance(1_000);
    world.reporter.stop();
    world.reporter.stop();
    answer.resolve(noLoad);
    await world.clock.advance(5_000);
    expect(world.reports).toHaveLength(0);
  });
});

interface Given {
  readonly load?: WorkerLoad;
  readonly ask?: () => Promise<WorkerLoad>;
  readonly state?: ReturnType<LoadReporterOptions["state"]>;
}

async function setUp({
  load = noLoad,
  ask = () => Promise.resolve(load),
  state = { workers: 1, appliedVersion: 1n, draining: false },
}: Given) {
  const clock = new ManualClock();
  await clock.advance(12_345); // The process is older than the node.
  const bus = createInProcessBus({ clock, onError: () => undefined });
  const reports: discovery.LoadReport[] = [];
  const subjects: string[] = [];
  bus.subscribe("load.*.*", ({ subject, data }) => {
    subjects.push(subject);
    reports.push(fromBinary(discovery.LoadReportSchema, data));
  });
  const lines: string[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line).msg);
  const away = { isAway: false };
  const reporter = new LoadReporter({
    bus: awayable(bus, away),
    clock,
    logger: pino({ level: "info" }, { write }),
    from: { node: "eu-1", region: "eu.west", bootId: "boot" },
    load: ask,
    state: () => state,
    rssBytes: () => 9,
  });
  reporter.start();
  return { clock, bus, reporter, reports, subjects, lines, away };
}

/** Drops what is published while it is away, and counts it, as a bus over NATS does. */
function awayable(bus: Bus, away: { readonly isAway: boolean }): Bus {
  let droppedPublishes = 0;
  return {
    publish: (subject, data) => {
      if (away.isAway) droppedPublishes += 1;
      else bus.publish(subject, data);
    },
    subscribe: (...given) => bus.subscribe(...given),
    request: (...given) => bus.request(...given),
    stream: (options) => bus.stream(options),
    status: (): BusStatus => ({ ...bus.status(), connected: !away.isAway, droppedPublishes }),
    close: () => bus.close(),
  };
}
