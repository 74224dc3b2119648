import type { Cooldowns, Picker } from "@headgate/core";
import type { Deployment, Tiers } from "../routing/routed.ts";

export interface Candidates {
  readonly tiers: Tiers;
  readonly picker: Picker;
  readonly tried: ReadonlySet<string>;
}

/**
 * Choose the deployment for the next attempt: from the first tier that has one which was not tried
 * and does not rest, by the model's strategy. Where all that is left rests, the one due soonest.
 */
export function pick(
  { tiers, picker, tried }: Candidates,
  cooldowns: Cooldowns,
  nowMs: number,
): Deployment | undefined {
  const first = tiers[0];
  // The common case, without a copy: the first attempt, and nothing rests.
  if (first && tried.size === 0 && cooldowns.none) return picker.pick(first);
  const untried = tiers.map((tier) => tier.filter(({ id }) => !tried.has(id)));
  for (const tier of untried) {
    const awake = tier.filter(({ id }) => cooldowns.untilMs(id, nowMs) === 0);
    if (awake.length > 0) return picker.pick(awake);
  }
  return untried
    .flat()
    .map((deployment) => ({ deployment, untilMs: cooldowns.untilMs(deployment.id, nowMs) }))
    .sort((a, b) => a.untilMs - b.untilMs)[0]?.deployment;
}
