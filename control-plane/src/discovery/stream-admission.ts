import type { Random } from "@headgate/core";

export interface AdmissionRate {
  /** New streams a second. Default 100: each costs a comparison of what the node has, or a snapshot. */
  readonly perSecond: number;
  /** So many at once after quiet. Default 200. */
  readonly burst: number;
}

export const defaultAdmissionRate: AdmissionRate = { perSecond: 100, burst: 200 };

export type AdmissionDecision =
  | { readonly admitted: true }
  | { readonly admitted: false; readonly retryAfterMs: number };

/** The longest wait that nodes heed. A crowd that needs longer is spread over the end of it. */
const retryMaxMs = 30_000;
/** So that those who were told one moment do not all come at the very same. */
const jitterMs = 500;

/**
 * A token bucket for new streams. Who is refused is given a place in a queue that is only imagined,
 * and told to come back when it would be its turn: a fleet that lost its replica comes back at the
 * rate that is admitted, instead of knocking all together every few seconds.
 */
export class StreamAdmission {
  readonly #rate: AdmissionRate;
  readonly #random: Random;
  #tokens: number;
  #atMs: number | undefined;
  /** When the last of those who were refused has its turn. */
  #lastTurnMs = 0;

  constructor(rate: AdmissionRate, random: Random) {
    this.#rate = rate;
    this.#random = random;
    this.#tokens = rate.burst;
  }

  decide(nowMs: number): AdmissionDecision {
    const { perSecond, burst } = this.#rate;
    const passedMs = Math.max(0, nowMs - (this.#atMs ?? nowMs));
    this.#atMs = nowMs;
    this.#tokens = Math.min(burst, this.#tokens + (passedMs * perSecond) / 1000);
    if (this.#tokens >= 1) {
      this.#tokens -= 1;
      return { admitted: true };
    }
    this.#lastTurnMs = Math.max(this.#lastTurnMs, nowMs) + 1000 / perSecond;
    const turnMs = this.#lastTurnMs - nowMs;
    const jitter = this.#random() * jitterMs;
    if (turnMs + jitter <= retryMaxMs) return refused(turnMs + jitter);
    this.#lastTurnMs = nowMs + retryMaxMs;
    return refused(retryMaxMs * (1 - this.#random() / 2));
  }
}

function refused(retryAfterMs: number): AdmissionDecision {
  return { admitted: false, retryAfterMs: Math.round(retryAfterMs) };
}
