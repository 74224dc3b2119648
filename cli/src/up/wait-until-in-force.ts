import type { ControlPlane } from "@headgate/control-plane";
import type { Clock } from "@headgate/core";
import { adminClientOver } from "@headgate/sdk";
import type { Logger } from "pino";

const pollMs = 5;

/** Nodes apply a snapshot within milliseconds; one that has not by now refused it, and says why. */
const patienceMs = 5_000;

export interface WaitUntilInForceOptions {
  readonly controlPlane: Pick<ControlPlane, "transport">;
  readonly revision: bigint;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly stop: AbortSignal;
}

/** Resolves when every node serves what the store had at `revision`, or with a warning after a while. */
export async function waitUntilInForce(options: WaitUntilInForceOptions): Promise<void> {
  const { controlPlane, revision, clock, logger, stop } = options;
  const client = adminClientOver(controlPlane.transport);
  const deadlineMs = clock.now() + patienceMs;
  while (!stop.aborted && clock.now() < deadlineMs) {
    const { nodes } = await client.listNodes({});
    if (nodes.length > 0 && nodes.every((node) => node.appliedVersion >= revision)) return;
    await clock.sleep(pollMs, stop);
  }
  if (stop.aborted) return;
  logger.warn(
    { event: "not-in-force", revision: String(revision) },
    "the node does not serve the newest configuration yet; `headgate nodes` says why",
  );
}
