import { parseArgs } from "node:util";
import type { PeerName } from "./peers/peer.ts";
import { peerNames } from "./peers/registry.ts";
import { type SectionName, sectionNames } from "./sections/section.ts";

export const usage = `Usage: npm run bench -- [options]

  --quick         a rough look in under two minutes
  --only NAME     one part: ${sectionNames.join(", ")}
  --peers A,B     only these: ${peerNames.join(", ")}
  --docs-only     write docs/benchmarks.md again from bench/results/latest.json

A complete run takes up to ten minutes, writes bench/results/latest.json and updates
docs/benchmarks.md. With --quick, --only or --peers nothing is written.`;

export interface Options {
  readonly quick: boolean;
  readonly docsOnly: boolean;
  readonly help: boolean;
  readonly sections: readonly SectionName[];
  readonly peers: readonly PeerName[];
}

/** @throws Error that says which argument is wrong and what would be right. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string" },
      peers: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
      "docs-only": { type: "boolean", default: false },
    },
  });
  return {
    quick: values.quick,
    help: values.help,
    docsOnly: values["docs-only"],
    sections: choose("--only", values.only, sectionNames),
    peers: choose("--peers", values.peers, peerNames),
  };
}

/** Only a run that left nothing out may replace the committed results. */
export function isComplete({ quick, sections, peers }: Options): boolean {
  return !quick && sections.length === sectionNames.length && peers.length === peerNames.length;
}

function choose<T extends string>(
  option: string,
  value: string | undefined,
  names: readonly T[],
): readonly T[] {
  if (value === undefined) return names;
  const wanted = value.split(",");
  const unknown = wanted.find((name) => !names.some((known) => known === name));
  if (unknown !== undefined) {
    throw new Error(`${option}: "${unknown}" is not one of ${names.join(", ")}`);
  }
  return names.filter((name) => wanted.includes(name));
}
