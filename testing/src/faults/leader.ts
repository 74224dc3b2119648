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

/**
 * Those that lead all regions by what they count of themselves. Names would not do: the record of one
 * that was killed and started again stands, under its name, until its lease has run out.
 */
export async function leaders(
  lab: Lab,
  among: readonly PlanePart[] = lab.controlPlanes.filter(({ state }) => state === "running"),
): Promise<readonly FoundLeader[]> {
  const found = await Promise.all(
    among.map(async (part) => {
      if (!(await isLeading(part))) return [];
      const status = await replicaStatus(lab, part);
      const leader = status?.leaders.find(({ scope }) => scope === globalScope);
      return leader?.replica === part.ownName ? [{ part, epoch: leader.epoch }] : [];
    }),
  );
  return found.flat();
}

async function isLeading(part: PlanePart): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(askWithinMs);
    const page = await fetch(`${part.url("admin")}/metrics`, { signal });
    return (await page.text()).includes(`headgate_leader{scope="${globalScope}"} 1\n`);
  } catch {
    return false;
  }
}
