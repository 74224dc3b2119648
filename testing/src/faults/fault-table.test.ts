import { describe, expect, it } from "vitest";
import type { FaultReport } from "./fault.ts";
import { faultTable } from "./fault-table.ts";

const report: FaultReport = {
  name: "pull the plug",
  problems: [],
  recovery: { from: "the fault", firstWriteMs: 994, convergedMs: 995 },
  measured: [{ label: "another leads", ms: 4_449 }],
  load: {
    ...{ seconds: 10, nodes: {}, calls: 300, ok: 299, failed: 1, excused: 0, maxGapMs: 123 },
    truth: { seen: 300, seenAgain: 0, answeredUnseen: [], failedSeen: 1 },
  },
  writes: { acknowledged: 30, failed: { UNAVAILABLE: 4, ABORTED: 1 }, longestGapMs: 2_000 },
};

describe("faultTable()", () => {
  it("has a row for each fault, as wide as its neighbours", () => {
    const away = { ...report, name: "x", load: { ...report.load, excused: 7 } };
    const { recovery: _, ...unrecovered } = { ...away, measured: [] };
    const table = faultTable([report, { ...unrecovered, recovery: undefined }]);
    expect(table.split("\n").map((line) => line.split("|").map((cell) => cell.trim()))).toEqual([
      ["", "fault", "calls", "writes", "recovery", ""],
      ["", ...Array.from({ length: 4 }, () => expect.stringMatching(/^-+$/)), ""],
      [
        "",
        "pull the plug",
        "1 of 300 failed; gap 120 ms",
        "30 acknowledged, 4 `UNAVAILABLE`, 1 `ABORTED`; gap 2.0 s",
        "after the fault: a write 990 ms, all nodes 1.0 s; another leads 4.4 s",
        "",
      ],
      [
        "",
        "x",
        "1 of 300 failed, 7 at an ended node; gap 120 ms",
        "30 acknowledged, 4 `UNAVAILABLE`, 1 `ABORTED`; gap 2.0 s",
        "none",
        "",
      ],
    ]);
    expect(new Set(table.split("\n").map((line) => line.length)).size).toBe(1);
  });
});
