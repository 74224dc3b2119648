import type { FaultReport, Measured } from "./fault.ts";
import type { Recovery } from "./trial.ts";

const columns = ["fault", "calls", "writes", "recovery"];

/** What was measured, as a Markdown table. */
export function faultTable(reports: readonly FaultReport[]): string {
  const rows = [columns, columns.map(() => ""), ...reports.map(rowOf)];
  const widths = columns.map((_, at) => Math.max(...rows.map((row) => (row[at] ?? "").length)));
  return rows
    .map((row, at) => {
      const fill = at === 1 ? "-" : " ";
      return `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0, fill)).join(" | ")} |`;
    })
    .join("\n");
}

function rowOf({ name, load, writes, recovery, measured }: FaultReport): readonly string[] {
  return [name, callsOf(load), writesOf(writes), recoveryOf(recovery, measured)];
}

/** With the longest time that any node answered nothing to callers who call ten times a second. */
function callsOf({ calls, failed, excused, maxGapMs }: FaultReport["load"]): string {
  const apart = excused === 0 ? "" : `, ${excused} at an ended node`;
  return `${failed} of ${calls} failed${apart}; gap ${duration(maxGapMs)}`;
}

/** With the longest time in which none was acknowledged. */
function writesOf({ acknowledged, failed, longestGapMs }: FaultReport["writes"]): string {
  const failures = Object.entries(failed).map(([code, count]) => `, ${count} \`${code}\``);
  return `${acknowledged} acknowledged${failures.join("")}; gap ${duration(longestGapMs)}`;
}

function recoveryOf(recovery: Recovery | undefined, measured: readonly Measured[]): string {
  if (!recovery) return "none";
  const { from, firstWriteMs, convergedMs } = recovery;
  const times = `after ${from}: a write ${duration(firstWriteMs)}, all nodes ${duration(convergedMs)}`;
  return [times, ...measured.map(({ label, ms }) => `${label} ${duration(ms)}`)].join("; ");
}

function duration(ms: number): string {
  return ms < 995 ? `${Math.round(ms / 10) * 10} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
