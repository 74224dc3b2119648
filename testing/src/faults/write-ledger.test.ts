import { describe, expect, it } from "vitest";
import { longestWriteGapMs, type Write, WriteLedger } from "./write-ledger.ts";

describe("WriteLedger", () => {
  it("finds the first acknowledged of those that began late enough, where it is asked for", () => {
    const ledger = new WriteLedger();
    const late = write({ startedMs: 20, endedMs: 40, replica: "b" });
    const latest = write({ startedMs: 30, endedMs: 50, replica: "a" });
    ledger.add(write({ startedMs: 5, endedMs: 15, replica: "a" }));
    ledger.add(write({ startedMs: 20, endedMs: 30, replica: "a", outcome: "unknown" }));
    ledger.add(late);
    ledger.add(latest);
    expect(ledger.firstAcknowledged(10)).toBe(late);
    expect(ledger.firstAcknowledged(10, new Set(["a"]))).toBe(latest);
    expect(ledger.firstAcknowledged(31)).toBeUndefined();
  });

  it("gives every write a name of its own", () => {
    const ledger = new WriteLedger();
    expect(ledger.nextName()).not.toBe(ledger.nextName());
  });
});

describe("longestWriteGapMs()", () => {
  it.each([
    { name: "before the first", endsMs: [70, 80], gapMs: 70 },
    { name: "between two, whatever their order", endsMs: [90, 10, 20], gapMs: 70 },
    { name: "after the last", endsMs: [10, 20], gapMs: 80 },
    { name: "where there is none", endsMs: [], gapMs: 100 },
    { name: "after one that ended before", endsMs: [-10], gapMs: 100 },
  ])("is the time $name", ({ endsMs, gapMs }) => {
    const writes = endsMs.map((endedMs) => write({ endedMs }));
    const failed = write({ endedMs: 50, outcome: "refused" });
    expect(longestWriteGapMs([...writes, failed], { fromMs: 0, toMs: 100 })).toBe(gapMs);
  });
});

function write(some: Partial<Write>): Write {
  const times = { startedMs: 0, endedMs: 0 };
  const ended = { outcome: "acknowledged", code: "", revision: 1 } as const;
  return { kind: "team", name: "some", replica: "a", ...times, ...ended, ...some };
}
