import { type AdminClient, createAdminClient } from "@headgate/sdk";
import type { Lab } from "../lab/index.ts";
import type { PlanePart } from "../lab/parts/plane-part.ts";
import { until } from "./until.ts";

/** More than a replica takes to say that its store is away. */
const tryWithinMs = 6_000;

/** The first answer of any replica that runs, each asked in turn. `call` must bear being repeated. */
export async function throughAnyReplica<T>(
  lab: Lab,
  what: string,
  call: (client: AdminClient) => Promise<T>,
  among: readonly PlanePart[] = lab.controlPlanes,
): Promise<T> {
  let reason: unknown;
  const { answer } = await until(what, async () => {
    for (const part of among.filter(({ state }) => state === "running")) {
      try {
        return { answer: await call(clientOf(lab, part)) };
      } catch (error) {
        reason = error;
      }
    }
    return undefined;
  }).catch((error: Error) => {
    throw new Error(`${error.message}; the last answer was ${reason}`);
  });
  return answer;
}

export function clientOf(lab: Lab, part: PlanePart, timeoutMs = tryWithinMs): AdminClient {
  const server = part.url("admin");
  return createAdminClient({ server, token: lab.adminToken, timeoutMs, attemptsMax: 1 });
}
