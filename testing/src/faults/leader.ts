import type { admin } from "@headgate/proto";
import { createAdminClient } from "@headgate/sdk";
import type { Lab } from "../lab/index.ts";
import type { PlanePart } from "../lab/parts/plane-part.ts";

export interface FoundLeader {
  readonly part: PlanePart;
  readonly epoch: bigint;
}

const askWithinMs = 2_000;
export const globalScope = "global";

/** What a control plane says of itself and of the others. Undefined when it says nothing in time. */
export async function replicaStatus(
  lab: Lab,
  part: PlanePart,
  timeoutMs = askWithinMs,
): Promise<admin.GetStatusResponse | undefined> {
  const server = part.url("admin");
  const client = createAdminClient({ server, token: lab.adminToken, timeoutMs, attemptsMax: 1 });
  try {
    return await client.getStatus({});
  } catch {
    return undefined;
  }
}

/** Those that say of themselves that they lead all regions. More than one would be a fault of ours. */
export async function leaders(
  lab: Lab,
  among: readonly PlanePart[] = lab.controlPlanes.filter(({ state }) => state === "running"),
): Promise<readonly FoundLeader[]> {
  const answers = await Promise.all(among.map((part) => replicaStatus(lab, part)));
  return answers.flatMap((status, at) => {
    const part = among[at];
    const found = status?.leaders.find(({ scope }) => scope === globalScope);
    if (!part || !found || found.replica !== part.ownName) return [];
    return [{ part, epoch: found.epoch }];
  });
}
