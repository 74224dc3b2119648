import type { Lab } from "../lab.ts";
import type { LabLink } from "../lab-links.ts";
import type { Part } from "../part.ts";
import type { PartStatus } from "./status.ts";

/** Fits three regions into 120 columns. */
const boxWidth = 37;

/** The lab as it stands: a box for each region, and below how the regions reach each other. */
export function labMap(lab: Lab, status: PartStatus = new Map()): string {
  const boxes = lab.regions.map((region) => box(lab, region, status));
  const height = Math.max(...boxes.map((lines) => lines.length));
  const rows = Array.from({ length: height }, (_, row) =>
    boxes.map((lines) => lines[row] ?? " ".repeat(boxWidth)).join("  "),
  );
  return `${[...rows, ...betweenRegions(lab)].map((line) => line.trimEnd()).join("\n")}\n`;
}

function box(lab: Lab, region: string, status: PartStatus): readonly string[] {
  const parts = lab.parts.filter((part) => part.region === region);
  const lines = parts.flatMap((part) => partLines(part, status.get(part.name)));
  const head = `+- ${region} `.padEnd(boxWidth - 1, "-");
  return [
    `${head}+`,
    ...lines.map((line) => `| ${line.slice(0, boxWidth - 4).padEnd(boxWidth - 4)} |`),
    `+${"-".repeat(boxWidth - 2)}+`,
  ];
}

function partLines(part: Part, status: string | undefined): readonly string[] {
  const name = part.name.replace(`/${part.region}`, "");
  const id = part.pid === undefined ? "" : `${part.pid}`;
  const addresses = Object.entries(part.addresses).map(
    ([use, address]) => `  ${use.padEnd(9)} ${address}`,
  );
  return [
    `${name.padEnd(16)} ${part.state.padEnd(8)} ${id}`,
    ...(status === undefined || status === part.state ? [] : [`  ${status}`]),
    ...addresses,
  ];
}

function betweenRegions(lab: Lab): readonly string[] {
  const { regions } = lab;
  const pairs = regions.flatMap((a, at) => regions.slice(at + 1).map((b) => ({ a, b })));
  return pairs.map(({ a, b }) => `${a} <-> ${b}: ${stateOf(lab.links.between(a, b))}`);
}

/** `up`, `cut`, or how many of the links are what. */
function stateOf(links: readonly LabLink[]): string {
  const states = Map.groupBy(links, ({ link }) => link.state);
  const [only] = states.keys();
  if (states.size === 1) return `${only}`;
  const counts = [...states].map(([state, of]) => `${of.length} ${state}`);
  return `${counts.join(", ")} of ${links.length} links`;
}
