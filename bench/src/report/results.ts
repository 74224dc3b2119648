import { readFile, writeFile } from "node:fs/promises";
import { cpus, release, totalmem } from "node:os";
import { systemClock } from "@headgate/core";
import type { PeerName } from "../peers/peer.ts";
import type { Plan } from "../plan.ts";
import type { Summaries } from "./samples.ts";

/** What is committed. Nothing in it says whose machine it was or where it stood. */
export interface Results {
  readonly format: 1;
  /** The day of the run, RFC 3339 full-date, UTC. */
  readonly date: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memory_gib: number;
    readonly system: string;
  };
  readonly node: string;
  readonly peers: Readonly<Partial<Record<PeerName, string>>>;
  /** What could not be measured as planned, and why. */
  readonly notices: readonly string[];
  readonly load: Plan;
  readonly figures: Summaries;
}

const file = new URL("../../results/latest.json", import.meta.url);

export function describeRun(run: Pick<Results, "peers" | "notices" | "load" | "figures">): Results {
  return {
    format: 1,
    date: new Date(systemClock.wallTimeMs()).toISOString().slice(0, 10),
    machine: {
      cpu: cpus()[0]?.model.trim() ?? "unknown",
      cores: cpus().length,
      memory_gib: Math.round(totalmem() / 1024 ** 3),
      // The first two numbers only: distributors put names into the rest.
      system: `${process.platform} ${release().split(".").slice(0, 2).join(".")} ${process.arch}`,
    },
    node: process.versions.node,
    ...run,
  };
}

export async function readResults(): Promise<Results> {
  const results: Results = JSON.parse(await readFile(file, "utf8"));
  if (results.format !== 1) throw new Error("bench/results/latest.json is not of format 1");
  return results;
}

export async function writeResults(results: Results): Promise<void> {
  await writeFile(file, `${JSON.stringify(results, null, 2)}\n`);
}
