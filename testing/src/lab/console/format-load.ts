import type { LoadReport } from "../load/lab-load.ts";
import type { TallyReport } from "../load/tally.ts";

/** What happened between two reports of one load, in a line. */
export function loadLine(report: LoadReport, before: LoadReport | undefined): string {
  const nodes = Object.entries(report.nodes).map(([name, { calls, ok }]) => {
    const earlier = before?.nodes[name];
    const answered = ok - (earlier?.ok ?? 0);
    const failed = calls - ok - ((earlier?.calls ?? 0) - (earlier?.ok ?? 0));
    return `${name.replace("node/", "")} ${answered} ok${failed > 0 ? `, ${failed} FAILED` : ""}`;
  });
  return `${Math.round(report.seconds)} s: ${nodes.join("; ")}\n`;
}

/** The whole report. */
export function loadTable(report: LoadReport): string {
  const { truth } = report;
  const rows = Object.entries(report.nodes).map(([name, tally]) => nodeRow(name, tally));
  const failures = Object.entries(report.nodes).flatMap(([name, tally]) =>
    Object.entries(tally.failures).map(([reason, count]) => `  ${name}: ${count} x ${reason}`),
  );
  return [
    `${report.calls} calls in ${report.seconds.toFixed(1)} s, ${report.failed} failed`,
    row(["node", "calls", "failed", "skipped", "longest gap", "p50", "p99"]),
    ...rows,
    ...failures,
    `providers saw ${truth.seen} of them, ${truth.seenAgain} more than once; ` +
      `${truth.failedSeen} that failed; answered and never seen: ${truth.answeredUnseen.length}`,
    "",
  ].join("\n");
}

function nodeRow(name: string, tally: TallyReport): string {
  const ms = (value: number | undefined) =>
    value === undefined ? "-" : `${value.toFixed(value < 10 ? 1 : 0)} ms`;
  const { calls, ok, skipped, maxGapMs, p50Ms, p99Ms } = tally;
  return row([
    ...[name, `${calls}`, `${calls - ok}`, `${skipped}`],
    ...[ms(maxGapMs), ms(p50Ms), ms(p99Ms)],
  ]);
}

function row(cells: readonly string[]): string {
  return cells
    .map((cell, at) => (at === 0 ? cell.padEnd(18) : cell.padStart(12)))
    .join("")
    .trimEnd();
}
