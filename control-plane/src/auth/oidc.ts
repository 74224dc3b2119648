import { Code, ConnectError } from "@connectrpc/connect";
import type { OidcConfig } from "@headgate/config";
import type { Clock } from "@headgate/core";
import { errors, type JWTPayload, type JWTVerifyResult, jwtVerify } from "jose";
import { IssuerKeys, IssuerUnavailable } from "./issuer-keys.ts";
import { actorFromClaims, grantFromClaims } from "./oidc-claims.ts";
import type { Principal } from "./principal.ts";
import { Refusal } from "./refusal.ts";

export interface OidcVerifier {
  /** @throws {Refusal} {ConnectError} RESOURCE_EXHAUSTED when too many wait for the issuer. */
  verify(token: string): Promise<Principal>;
}

export interface OidcOptions extends OidcConfig {
  readonly clock: Clock;
}

/**
 * Asymmetric ones only: a MAC would make the issuer's public key a secret that everybody has
 * (RFC 8725, section 3.1).
 */
const algorithms = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "EdDSA", "Ed25519"],
];

/** What tokens may say they are: others, as `logout+jwt`, are for something else (RFC 8725, 3.11). */
const types: readonly unknown[] = [
  undefined,
  "jwt",
  "at+jwt",
  "application/jwt",
  "application/at+jwt",
];

const toleranceSeconds = 60;

/** Waiting for the issuer's keys; each is a call with its connection. */
const verificationsMax = 64;

/** Bearer tokens of one OpenID Connect issuer: ID tokens, or access tokens that are JWTs (RFC 9068). */
export function createOidcVerifier(options: OidcOptions): OidcVerifier {
  const keys = new IssuerKeys(options);
  let verifications = 0;
  return {
    verify: async (token) => {
      if (verifications >= verificationsMax) {
        throw new ConnectError("too many tokens wait for the OIDC issuer", Code.ResourceExhausted);
      }
      verifications++;
      try {
        return principalFrom(await verify(token, keys, options), options);
      } catch (error) {
        throw refusalFrom(error, options);
      } finally {
        verifications--;
      }
    },
  };
}

async function verify(
  token: string,
  keys: IssuerKeys,
  { issuer, audience, clock }: OidcOptions,
): Promise<JWTPayload> {
  const nowMs = clock.wallTimeMs();
  const verified = await jwtVerify(token, (header, input) => keys.keyFor(header, input), {
    algorithms,
    issuer,
    audience,
    clockTolerance: toleranceSeconds,
    currentDate: new Date(nowMs),
    requiredClaims: ["exp", "iat", "sub"],
  });
  const problem = furtherProblem(verified, { audience, nowSeconds: nowMs / 1_000 });
  if (problem !== undefined) throw new Refusal(`the OIDC token ${problem}`);
  return verified.payload;
}

/** What jose leaves to us. Undefined: nothing. */
function furtherProblem(
  { payload, protectedHeader }: JWTVerifyResult,
  { audience, nowSeconds }: { readonly audience: string; readonly nowSeconds: number },
): string | undefined {
  const { iat = 0, exp = 0, aud, azp } = payload as JWTPayload & { readonly azp?: unknown }; // As any claim.
  if (!types.includes(protectedHeader.typ?.toLowerCase()))
    return "has a typ that is not for access";
  if (iat > nowSeconds + toleranceSeconds) return "was issued in the future: check both clocks";
  if (iat > exp) return "was issued after its end";
  // One made out to several is for the party named (OpenID Connect Core 1.0, section 3.1.3.7).
  const others = Array.isArray(aud) && aud.some((one) => one !== audience);
  if (others && azp !== audience) return `is for several audiences, and its azp is not ${audience}`;
  return undefined;
}

function principalFrom(payload: JWTPayload, options: OidcOptions): Principal {
  const actor = actorFromClaims(payload, options.nameClaim);
  const grant = grantFromClaims(payload, options);
  if (!grant) {
    const { roleClaim } = options;
    const message = `${actor} has no role: no value of the claim ${roleClaim} is under oidc.roles`;
    throw new Refusal(message, { actor, code: Code.PermissionDenied });
  }
  return { actor, ...grant, expireTimeMs: ((payload.exp ?? 0) + toleranceSeconds) * 1_000 };
}

/** Claims are repeated to the caller only as far as they must be right to be accepted. */
function refusalFrom(error: unknown, { issuer, audience }: OidcOptions): unknown {
  if (error instanceof IssuerUnavailable) return new Refusal(error.message);
  if (error instanceof errors.JWTExpired) return new Refusal("the OIDC token has expired");
  if (error instanceof errors.JWTClaimValidationFailed) {
    const wanted: Readonly<Record<string, string>> = {
      iss: `must be ${issuer}`,
      aud: `must name ${audience}`,
      nbf: "is in the future: the token is not valid yet",
    };
    const { claim } = error;
    return new Refusal(`the OIDC token's ${claim} ${wanted[claim] ?? "is missing or wrong"}`);
  }
  if (error instanceof errors.JWKSNoMatchingKey) {
    return new Refusal("the OIDC token is signed with a key that the issuer does not have");
  }
  if (error instanceof errors.JWKSMultipleMatchingKeys) {
    return new Refusal("the OIDC token does not say which key it is signed with (kid)");
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return new Refusal("the OIDC token's signature is wrong");
  }
  if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported) {
    return new Refusal(`the OIDC token must be signed with one of ${algorithms.join(", ")}`);
  }
  if (error instanceof errors.JOSEError) return new Refusal("the OIDC token is not a valid JWT");
  return error;
}

/** Three parts of base64url. */
export function looksLikeJwt(token: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]*$/.test(token);
}
