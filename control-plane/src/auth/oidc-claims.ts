import type { OidcConfig, OidcRole } from "@headgate/config";
import { isRecord } from "@headgate/core";
import type { JWTPayload } from "jose";
import type { Principal } from "./principal.ts";
import { roleWords } from "./role-words.ts";

const actorMaxLength = 128;

/** `oidc alice@example.com`: what the audit log calls the caller. */
export function actorFromClaims(payload: JWTPayload, nameClaim: string): string {
  const { sub = "", email_verified } = payload;
  const given = payload[nameClaim];
  // An address that nobody has checked could be anybody's.
  const trusted = nameClaim !== "email" || email_verified !== false;
  const name = typeof given === "string" && given !== "" && trusted ? given : sub;
  return `oidc ${name.replace(/[^\x21-\x7e]/g, "?").slice(0, actorMaxLength)}`;
}

/** The role of the highest rank whose value the claim has; of several teams, the first listed. */
export function grantFromClaims(
  payload: JWTPayload,
  { roleClaim, roles }: Pick<OidcConfig, "roleClaim" | "roles">,
): Pick<Principal, "role" | "team"> | undefined {
  const values = new Set(valuesOf(claimAt(payload, roleClaim)));
  const matching = roles.filter(({ value }) => values.has(value));
  const [best] = matching.toSorted((a, b) => roleWords[a.role] - roleWords[b.role]);
  return best && grantOf(best);
}

function grantOf(entry: OidcRole): Pick<Principal, "role" | "team"> {
  const role = roleWords[entry.role];
  return entry.role === "team" ? { role, team: entry.team } : { role };
}

/** By its name, which may have dots (`https://example.com/roles`), or else by a path (Keycloak's). */
function claimAt(payload: JWTPayload, claim: string): unknown {
  if (Object.hasOwn(payload, claim)) return payload[claim];
  let value: unknown = payload;
  for (const part of claim.split(".")) {
    if (!isRecord(value) || !Object.hasOwn(value, part)) return undefined;
    value = value[part];
  }
  return value;
}

function valuesOf(claim: unknown): readonly string[] {
  const values = Array.isArray(claim) ? claim : [claim];
  return values.filter((value) => typeof value === "string");
}
