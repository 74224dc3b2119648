import type { Clock } from "@headgate/core";
import { decodeJwt, errors, importJWK, jwtVerify } from "jose";

/** What a node signs with its own key to ask for a token: see IssueNodeTokenRequest. */
export interface NodeAssertion {
  /** Unique for this node. */
  readonly jti: string;
  readonly expireTimeMs: number;
}

export type CheckedAssertion =
  | ({ readonly ok: true } & NodeAssertion)
  | { readonly ok: false; readonly reason: string };

export const assertionAudience = "headgate";
export const assertionTtlMaxMs = 60_000;
/** How far a node's clock may be off. */
const toleranceSeconds = 60;
const jtiMaxLength = 128;

/** Whom an assertion claims to be from, unchecked. Undefined: it is no assertion. */
export function claimedNode(assertion: string): string | undefined {
  try {
    const { sub, iss } = decodeJwt(assertion);
    return sub !== undefined && sub === iss ? sub : undefined;
  } catch {
    return undefined;
  }
}

/** Checks all of it but whether its `jti` was seen before. */
export async function checkAssertion(
  assertion: string,
  { node, publicKey, clock }: { node: string; publicKey: Uint8Array; clock: Clock },
): Promise<CheckedAssertion> {
  try {
    const x = Buffer.from(publicKey).toString("base64url");
    const key = await importJWK({ kty: "OKP", crv: "Ed25519", x }, "EdDSA");
    const { payload } = await jwtVerify(assertion, key, {
      algorithms: ["EdDSA"],
      issuer: node,
      subject: node,
      audience: assertionAudience,
      requiredClaims: ["exp", "iat", "jti"],
      clockTolerance: toleranceSeconds,
      currentDate: new Date(clock.wallTimeMs()),
    });
    const { exp = 0, iat = 0, jti = "" } = payload;
    if ((exp - iat) * 1000 > assertionTtlMaxMs) return refused("it is valid for too long");
    if (jti === "" || jti.length > jtiMaxLength) return refused("its jti is empty or too long");
    return { ok: true, jti, expireTimeMs: (exp + toleranceSeconds) * 1000 };
  } catch (error) {
    if (!(error instanceof errors.JOSEError)) throw error;
    const expired = error instanceof errors.JWTExpired;
    return refused(expired ? "it has expired: is the node's clock right?" : "it is not the node's");
  }
}

function refused(reason: string): CheckedAssertion {
  return { ok: false, reason };
}
