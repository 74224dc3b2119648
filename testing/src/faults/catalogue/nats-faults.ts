import { systemClock } from "@headgate/core";
import type { Fault } from "../fault.ts";
import { replicaStatus } from "../leader.ts";
import type { Trial } from "../trial.ts";
import { until } from "../until.ts";

/** How long replicas do not hear of each other. */
const awayMs = 2_000;

export function killNats(region: string): Fault {
  return {
    name: `kill the NATS server in ${region}`,
    run: async (trial) => {
      const { lab } = trial;
      const part = lab.part(`nats/${region}`);
      const brokenMs = performance.now();
      await part.kill();
      await trial.keys.during.revoke();
      const recovery = await trial.recovery(brokenMs);
      await untilBusIs(trial, "connected");
      trial.measure("bus connected", brokenMs);
      trial.mends();
      await part.start();
      return recovery;
    },
  };
}

export const killAllNats: Fault = {
  name: "kill every NATS server",
  run: async (trial) => {
    const { lab } = trial;
    const brokenMs = performance.now();
    await lab.kill("nats");
    await untilBusIs(trial, "away");
    await trial.keys.during.revoke();
    const recovery = await trial.recovery(brokenMs);
    await systemClock.sleep(awayMs);
    const mendedMs = trial.mends();
    await lab.start("nats");
    await untilBusIs(trial, "connected");
    trial.measure("bus connected after its start", mendedMs);
    return recovery;
  },
};

/** As every replica tells of it. */
async function untilBusIs({ lab }: Trial, wanted: "connected" | "away"): Promise<void> {
  await Promise.all(
    lab.controlPlanes.map((part) =>
      until(`${part.name} to say that its bus is ${wanted}`, async () => {
        const status = await replicaStatus(lab, part);
        return status && (status.busProblem === "") === (wanted === "connected");
      }),
    ),
  );
}
