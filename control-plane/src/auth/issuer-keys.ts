import type { Clock } from "@headgate/core";
import {
  type CompactJWSHeaderParameters,
  createLocalJWKSet,
  errors,
  type FlattenedJWSInput,
  type JWTVerifyGetKey,
} from "jose";
import { fetchJwks } from "./fetch-jwks.ts";

export interface IssuerKeysOptions {
  readonly issuer: string;
  readonly clock: Clock;
}

/** Keys are looked at again after this long, so that one taken back is soon refused. */
const refreshAfterMs = 10 * 60_000;
/** While the issuer is down, the keys it had go on for so long. */
const ageMaxMs = 24 * 60 * 60_000;
/** Between attempts, whatever tokens say: strangers must not make us call the issuer. */
const attemptEveryMs = 30_000;
/** The same, while there are no keys at all. */
const firstAttemptEveryMs = 2_000;

/** The issuer's keys can't be had. The message is for callers. */
export class IssuerUnavailable extends Error {
  override readonly name = "IssuerUnavailable";
}

/**
 * The public keys of one issuer: fetched when first needed, kept, and fetched anew after a while or
 * when a token names one that is not among them. jose's createRemoteJWKSet() does nearly that, but
 * asks again for every token while the issuer fails, and forgets the keys it had.
 */
export class IssuerKeys {
  readonly #options: IssuerKeysOptions;
  #keys: JWTVerifyGetKey | undefined;
  #fetchedAtMs = 0;
  #attemptedAtMs = Number.NEGATIVE_INFINITY;
  #pending: Promise<void> | undefined;
  #failure = "";

  constructor(options: IssuerKeysOptions) {
    this.#options = options;
  }

  /** For jwtVerify(). @throws {IssuerUnavailable} What createLocalJWKSet() throws: no key matches. */
  async keyFor(header: CompactJWSHeaderParameters, token: FlattenedJWSInput) {
    if (this.#ageMs() >= refreshAfterMs) await this.#refresh();
    const keys = this.#currentKeys();
    try {
      return await keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await this.#refresh();
      return await this.#currentKeys()(header, token);
    }
  }

  #currentKeys(): JWTVerifyGetKey {
    if (this.#keys && this.#ageMs() < ageMaxMs) return this.#keys;
    throw new IssuerUnavailable(
      `the keys of the OIDC issuer ${this.#options.issuer} can't be had: ${this.#failure}`,
    );
  }

  #ageMs(): number {
    return this.#keys ? this.#options.clock.now() - this.#fetchedAtMs : Number.POSITIVE_INFINITY;
  }

  /** Callers share one attempt; between attempts, what there is stays. Never rejects. */
  async #refresh(): Promise<void> {
    const nowMs = this.#options.clock.now();
    const pauseMs = this.#keys ? attemptEveryMs : firstAttemptEveryMs;
    if (!this.#pending && nowMs - this.#attemptedAtMs >= pauseMs) {
      this.#attemptedAtMs = nowMs;
      this.#pending = this.#fetch().finally(() => {
        this.#pending = undefined;
      });
    }
    await this.#pending;
  }

  async #fetch(): Promise<void> {
    const { issuer, clock } = this.#options;
    try {
      this.#keys = createLocalJWKSet(await fetchJwks(issuer, clock));
      this.#fetchedAtMs = clock.now();
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error);
    }
  }
}
