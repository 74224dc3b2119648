import { describe, expect, it } from "vitest";
import { Tally } from "./tally.ts";

describe("Tally", () => {
  it("counts answers and failures by reason, with quantiles of the answers", () => {
    const tally = new Tally(0);
    for (let number = 1; number <= 100; number += 1) {
      tally.add({ number, startedMs: 1_000, endedMs: 1_000 + number, failure: undefined });
    }
    tally.add({ number: 101, startedMs: 0, endedMs: 9_000, failure: "status 503" });
    tally.add({ number: 102, startedMs: 0, endedMs: 9_000, failure: "status 503" });
    tally.add({ number: 103, startedMs: 0, endedMs: 9_000, failure: "ECONNREFUSED" });
    tally.skip();
    expect(tally.report(1_100)).toEqual({
      calls: 103,
      ok: 100,
      failures: { "status 503": 2, ECONNREFUSED: 1 },
      excused: 0,
      skipped: 1,
      maxGapMs: 1_001,
      p50Ms: 50,
      p99Ms: 99,
    });
    expect(tally.failed).toEqual(new Set([101, 102, 103]));
  });

  it.each([
    { name: "before the first answer", endsMs: [700, 800], nowMs: 900, gapMs: 700 },
    { name: "between two answers", endsMs: [100, 700, 800], nowMs: 900, gapMs: 600 },
    { name: "since the last answer", endsMs: [100, 200], nowMs: 900, gapMs: 700 },
    { name: "from start to end without any", endsMs: [], nowMs: 900, gapMs: 900 },
  ])("knows the longest gap $name", ({ endsMs, nowMs, gapMs }) => {
    const tally = new Tally(0);
    for (const [number, endedMs] of endsMs.entries()) {
      tally.add({ number, startedMs: 0, endedMs, failure: undefined });
      tally.add({ number: -number - 1, startedMs: 0, endedMs, failure: "no gap ends with this" });
    }
    expect(tally.report(nowMs).maxGapMs).toBe(gapMs);
  });

  it("counts apart what failed at a node that was away on purpose, and forgives the gap", () => {
    const tally = new Tally(0);
    tally.add({ number: 1, startedMs: 0, endedMs: 100, failure: undefined });
    tally.add({ number: 2, startedMs: 0, endedMs: 200, failure: "ECONNRESET", excused: true });
    tally.add({ number: 3, startedMs: 0, endedMs: 300, failure: "status 503", excused: false });
    tally.forgive(5_000);
    tally.add({ number: 4, startedMs: 0, endedMs: 5_100, failure: undefined, excused: true });
    expect(tally.report(5_100)).toMatchObject({
      ...{ calls: 3, ok: 2, failures: { "status 503": 1 }, excused: 1, maxGapMs: 100 },
    });
  });

  it("has no quantiles without answers", () => {
    expect(new Tally(0).report(1)).toMatchObject({ p50Ms: undefined, p99Ms: undefined });
  });

  it("tells a bounded number of reasons apart", () => {
    const tally = new Tally(0);
    for (let number = 0; number < 60; number += 1) {
      tally.add({ number, startedMs: 0, endedMs: 1, failure: `reason ${number}` });
    }
    const { failures } = tally.report(1);
    expect(Object.keys(failures)).toHaveLength(51);
    expect(failures["other reasons"]).toBe(10);
  });
});
