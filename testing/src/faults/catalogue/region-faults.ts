import { systemClock } from "@headgate/core";
import type { Fault } from "../fault.ts";
import { restartNode, untilConnected } from "../restart-node.ts";
import type { Trial } from "../trial.ts";

/** Calls under way when the cut comes may still be answered. */
const settledMs = 1_000;
/** How long the region is alone, at least. */
const aloneMs = 5_000;

/** Its node goes on, also after a restart, and its replica says that it can't write; the others go on without it. */
export function cutRegion(region: string): Fault {
  return {
    name: `cut ${region} off from the other regions`,
    run: async (trial) => {
      const { lab } = trial;
      const isOf = (part: { readonly region: string }) => part.region === region;
      const replicas = lab.controlPlanes.filter((part) => !isOf(part));
      const nodes = lab.nodes.filter((part) => !isOf(part));
      const brokenMs = performance.now();
      lab.isolate(region);
      const recovery = await trial.recovery(brokenMs, { replicas, nodes });
      await trial.keys.during.revoke(replicas);
      await trial.keys.during.untilRefused(nodes);
      await checkMinority(trial, region, brokenMs + settledMs);
      const mendedMs = trial.mends();
      lab.heal();
      await trial.untilEveryReplicaWrites(mendedMs);
      trial.measure(`${region} takes writes after the heal`, mendedMs);
      await trial.recovery(mendedMs);
      trial.measure("all nodes up to date after the heal", mendedMs);
      return recovery;
    },
  };
}

async function checkMinority(trial: Trial, region: string, sinceMs: number): Promise<void> {
  const { lab } = trial;
  const replicas = lab.controlPlanes.filter((part) => part.region === region);
  await trial.untilRefusedWith("UNAVAILABLE", sinceMs, replicas);
  await systemClock.sleep(Math.max(0, sinceMs + aloneMs - performance.now()));
  for (const { name } of replicas) {
    const writes = trial.ledger.since(sinceMs).filter(({ replica }) => replica === name);
    const codes = new Set(writes.map(({ code }) => code || "an acknowledgement"));
    codes.delete("UNAVAILABLE");
    trial.check(codes.size === 0, `${name}, without a quorum, answered with ${[...codes]}`);
  }
  for (const node of lab.nodes.filter((part) => part.region === region)) {
    await restartNode(trial, node);
    await untilConnected(node);
  }
}
