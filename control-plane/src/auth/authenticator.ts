import { Code, ConnectError } from "@connectrpc/connect";
import type { Clock } from "@headgate/core";
import {
  authorizationMaxLength,
  bearerTokenFrom,
  createBearerCheck,
} from "../http/bearer-token.ts";
import { looksLikeAdminToken } from "./admin-token.ts";
import { looksLikeJwt, type OidcVerifier } from "./oidc.ts";
import type { Principal } from "./principal.ts";
import { Refusal } from "./refusal.ts";
import { roleWords } from "./role-words.ts";
import type { KnownToken, TokenCache } from "./token-cache.ts";

export interface AuthenticatorOptions {
  /** Of the settings, or made at first start: may do everything. */
  readonly rootToken: string;
  readonly tokens: Pick<TokenCache, "find" | "isLoaded">;
  /** Absent: no issuer is configured. */
  readonly oidc?: OidcVerifier;
  readonly clock: Clock;
}

/**
 * Who calls, by the headers alone.
 *
 * @throws {Refusal} that says what is needed. {ConnectError} UNAVAILABLE when it can't be known now.
 */
export type Authenticate = (headers: Headers) => Promise<Principal>;

/** Three kinds of tokens, tried from the cheapest: the root token, admin tokens, the issuer's. */
export function createAuthenticator(options: AuthenticatorOptions): Authenticate {
  const { rootToken, oidc } = options;
  const isRoot = createBearerCheck(rootToken);
  const root: Principal = { actor: "root", role: roleWords.admin };
  return async (headers) => {
    const header = headers.get("authorization");
    if (isRoot(header)) return root;
    const token = bearerTokenFrom(header);
    if (token === undefined) throw new Refusal(whatIsNeeded(header, oidc !== undefined));
    if (looksLikeAdminToken(token)) return principalOfToken(token, options);
    if (!looksLikeJwt(token)) throw new Refusal("the token is not one of this control plane's");
    if (oidc) return await oidc.verify(token);
    throw new Refusal(
      "this control plane takes no OIDC tokens: its settings have no `oidc` section",
    );
  };
}

function principalOfToken(token: string, { tokens, clock }: AuthenticatorOptions): Principal {
  const known = tokens.find(token);
  if (!known && !tokens.isLoaded) {
    const message = "the admin tokens have not been read from the store yet: try again";
    throw new ConnectError(message, Code.Unavailable);
  }
  if (!known) throw new Refusal("the admin token is unknown, or was deleted");
  const principal = principalFrom(known);
  const { expireTimeMs } = principal;
  if (expireTimeMs === undefined || clock.wallTimeMs() < expireTimeMs) return principal;
  const { actor } = principal;
  throw new Refusal(`the admin token expired at ${new Date(expireTimeMs).toISOString()}`, {
    actor,
  });
}

function principalFrom({ name, role, team, expireTimeMs, withdrawn }: KnownToken): Principal {
  return {
    actor: `token ${name}`,
    role,
    withdrawn,
    ...(team !== undefined && { team }),
    ...(expireTimeMs !== undefined && { expireTimeMs }),
  };
}

function whatIsNeeded(header: string | null, withOidc: boolean): string {
  if (header !== null && header.length > authorizationMaxLength) {
    return `the authorization header is longer than ${authorizationMaxLength} characters`;
  }
  const kinds = withOidc
    ? "the root token, an admin token, or a token of the OIDC issuer"
    : "the root token, or an admin token";
  return `the admin API needs \`Authorization: Bearer <token>\`: ${kinds}`;
}
