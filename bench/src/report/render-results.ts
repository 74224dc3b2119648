import { peerNames } from "../peers/registry.ts";
import { ratio } from "../statistics.ts";
import { type Figure, figures } from "./figures.ts";
import { formatNumber } from "./format-number.ts";
import { markdownTable } from "./markdown-table.ts";
import type { Results } from "./results.ts";
import { judge } from "./targets.ts";

/** The results as Markdown: what was run, the figures beside each other, and the targets. */
export function renderResults(results: Results): string {
  return [
    describeMachine(results),
    renderFigures(results),
    "Targets:",
    renderTargets(results),
    ...renderNotices(results),
  ].join("\n\n");
}

function describeMachine({ date, machine, node, load, peers }: Results): string {
  const versions = Object.entries(peers).map(([name, version]) => `${name} (${version})`);
  return [
    `Run of ${date} on ${machine.cores} cores of ${machine.cpu}, ${machine.memory_gib} GiB,`,
    `${machine.system}, Node ${node}. Figures are medians; rounds: ${load.rounds}, cold starts: ${load.launches}.`,
    `Peers: ${versions.join(", ")}.`,
  ].join("\n");
}

function renderFigures(results: Results): string {
  const columns = peerNames.filter((name) => results.peers[name] !== undefined);
  const header = ["", ...columns, "headgate / bare", "headgate / portkey"];
  const rows = figures(results.load.heldStreams)
    .filter(({ id }) => results.figures[id] !== undefined)
    .map((figure) => [
      `${figure.title}, ${figure.unit}`,
      ...columns.map((name) => formatNumber(results.figures[figure.id]?.[name]?.median)),
      formatRatio(results, figure, "bare"),
      formatRatio(results, figure, "portkey"),
    ]);
  return markdownTable(header, rows);
}

function formatRatio({ figures }: Results, { id }: Figure, base: "bare" | "portkey"): string {
  const value = ratio(figures[id]?.headgate?.median, figures[id]?.[base]?.median);
  return value === undefined ? "" : `${value.toFixed(2)}x`;
}

function renderTargets(results: Results): string {
  return markdownTable(
    ["", "at most", "measured", "verdict"],
    judge(results.figures).map(({ target, limit, unit, value, verdict }) => [
      target,
      `${formatNumber(limit)} ${unit}`,
      value === undefined ? "" : `${formatNumber(value)} ${unit}`,
      verdict,
    ]),
  );
}

function renderNotices({ notices }: Results): string[] {
  if (notices.length === 0) return [];
  return [["Not as planned:", ...notices.map((line) => `- ${line}`)].join("\n")];
}
