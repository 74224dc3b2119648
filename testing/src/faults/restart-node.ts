import type { PlanePart } from "../lab/parts/plane-part.ts";
import { nodeMetric } from "./node-state.ts";
import type { Trial } from "./trial.ts";
import { until } from "./until.ts";

/** Kills a node and starts it; it serves when this resolves. */
export async function restartNode(trial: Trial, node: PlanePart): Promise<void> {
  await trial.without([node], async () => {
    await node.kill();
    await node.start();
  });
}

export async function untilConnected(node: PlanePart): Promise<void> {
  await until(`${node.name} to have a control plane`, async () => {
    return (await nodeMetric(node, "headgate_control_plane_connected")) === 1;
  });
}
