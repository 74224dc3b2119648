import type { Clock } from "@headgate/core";
import { errors, jwtVerify, SignJWT } from "jose";
import type { NodePrincipal } from "../auth/principal.ts";

/** Longer than any hiccup of the store, shorter than a shift. */
const ttlMs = 15 * 60_000;

const issuer = "headgate";
const audience = "headgate-nodes";

export interface IssuedNodeToken {
  readonly token: string;
  readonly expireTimeMs: number;
}

/**
 * Short-lived proofs of who a node is, which every replica can check without asking anybody: JWTs
 * (RFC 7519) under a key that replicas share through the store.
 */
export class NodeTokens {
  readonly #key: Uint8Array;
  readonly #clock: Clock;

  /** `key` has 32 bytes. */
  constructor(key: Uint8Array, clock: Clock) {
    this.#key = key;
    this.#clock = clock;
  }

  async issue({ node, region }: { node: string; region: string }): Promise<IssuedNodeToken> {
    const nowMs = this.#clock.wallTimeMs();
    const expireTimeMs = nowMs + ttlMs;
    const token = await new SignJWT({ region })
      .setProtectedHeader({ alg: "HS256" })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(node)
      .setIssuedAt(new Date(nowMs))
      .setExpirationTime(new Date(expireTimeMs))
      .sign(this.#key);
    return { token, expireTimeMs };
  }

  /** Undefined for what is no token of ours, or one that has expired. */
  async verify(token: string): Promise<NodePrincipal | undefined> {
    try {
      const { payload } = await jwtVerify(token, this.#key, {
        algorithms: ["HS256"],
        issuer,
        audience,
        requiredClaims: ["sub", "exp"],
        currentDate: new Date(this.#clock.wallTimeMs()),
      });
      const region = payload["region"];
      if (payload.sub === undefined || typeof region !== "string") return undefined;
      return { node: payload.sub, region, by: "node token" };
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }
}
