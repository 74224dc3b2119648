import { z } from "zod";
import { text } from "./fields.ts";

/** The tokens of one OpenID Connect issuer, and what they allow. */
export interface OidcConfig {
  /** Exactly as in its tokens' `iss`, with or without a slash at the end. */
  readonly issuer: string;
  /** Must be among a token's `aud`. */
  readonly audience: string;
  /** The claim that names the caller in the audit log. A token without it: `sub`. */
  readonly nameClaim: string;
  /** The claim whose values are looked up in `roles`: its name, or a path as `realm_access.roles`. */
  readonly roleClaim: string;
  /** Of several that match, the one that may do most. */
  readonly roles: readonly OidcRole[];
}

export type OidcRole = {
  /** A value of the claim. */
  readonly value: string;
} & (
  | { readonly role: "admin" | "editor" | "viewer" }
  | { readonly role: "team"; readonly team: string }
);

const role = z
  .strictObject({
    value: text,
    role: z.enum(["admin", "editor", "viewer", "team"]),
    team: text.optional(),
  })
  .transform((entry, context): OidcRole => {
    const { value, role, team } = entry;
    if (role === "team" && team !== undefined) return { value, role, team };
    if (role !== "team" && team === undefined) return { value, role };
    const message =
      role === "team"
        ? "has no team: the role team is for one team's keys"
        : "has a team: only the role team has one";
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  });

/** `oidc:` of control-plane.yaml. */
export const oidcField = z
  .strictObject({
    issuer: text.refine(isIssuer, {
      error: "must be an https:// URL without ? and # (http:// only on this machine)",
    }),
    audience: text,
    name_claim: text.default("email"),
    role_claim: text.default("groups"),
    roles: z
      .array(role)
      .min(1, "is empty: without a role nobody may do anything")
      .max(1_000, "has too many entries: at most 1000"),
  })
  .optional();

export function oidcConfigFrom(field: z.output<typeof oidcField>): OidcConfig | undefined {
  if (!field) return undefined;
  const { issuer, audience, name_claim, role_claim, roles } = field;
  return { issuer, audience, nameClaim: name_claim, roleClaim: role_claim, roles };
}

/** OpenID Connect Core 1.0, section 2, `iss`; plain HTTP for issuers that run beside us in tests. */
function isIssuer(value: string): boolean {
  const url = URL.parse(value);
  if (!url || /[?#]/.test(value) || url.username !== "" || url.password !== "") return false;
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopbackName(url.hostname));
}

function isLoopbackName(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
}
