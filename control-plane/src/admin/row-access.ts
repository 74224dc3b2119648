import type { ResourceKind } from "@headgate/config";
import { admin } from "@headgate/proto";
import type { Principal } from "../auth/principal.ts";
import type { AnyResource } from "../resources/resource-kind.ts";

/**
 * Which resources a caller sees and writes. What they may call at all is decided before (see
 * auth/); this is about rows, and only those who manage one team's keys are bound by it:
 *
 *     ROLE_TEAM   | keys of the team | that team | models | all else
 *     ------------+------------------+-----------+--------+---------
 *     reads       | yes              | yes       | yes    | no
 *     writes      | yes              | no        | no     | no
 *
 * They set the limits of their keys as they like: the team's own limits apply to all of them.
 */
type Caller = Pick<Principal, "role" | "team">;

/** What a caller may not see does not exist for them. */
export function mayRead({ role, team }: Caller, kind: ResourceKind, row: AnyResource): boolean {
  if (role !== admin.Role.TEAM) return true;
  if (row.$typeName === "headgate.resources.v1.Key") return isOwn(row.team, team);
  if (row.$typeName === "headgate.resources.v1.Team") return isOwn(row.name, team);
  return kind === "model";
}

/** Undefined: they may. Of what they may not see, ask mayRead() first. */
export function whyNotWrite(
  { role, team }: Caller,
  kind: ResourceKind,
  after: AnyResource | undefined,
): string | undefined {
  if (role !== admin.Role.TEAM) return undefined;
  if (kind !== "key") return `your token manages the keys of team ${team ?? ""}, and no ${kind}s`;
  if (after?.$typeName !== "headgate.resources.v1.Key" || isOwn(after.team, team)) return undefined;
  return `your token manages keys of team ${team ?? ""}: give the key that team`;
}

/** Undefined: they may. For calls that are about everything at once. */
export function whyNotEverything({ role, team }: Caller, what: string): string | undefined {
  if (role !== admin.Role.TEAM) return undefined;
  return `your token manages the keys of team ${team ?? ""}: ${what} is about more than that`;
}

/** Whether every row is theirs to read. */
export function readsAll({ role }: Caller): boolean {
  return role !== admin.Role.TEAM;
}

/** A token without a team has no keys, not those without one. */
function isOwn(team: string, own: string | undefined): boolean {
  return own !== undefined && own !== "" && team === own;
}
