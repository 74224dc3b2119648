/**
 * How much retrying is allowed: a share of the calls, so that a provider in
 * trouble is not sent a multiple of its load, plus a trickle, so that a quiet
 * proxy may retry at all.
 *
 * Each call pays in `percent / 100`, each second `tricklePerSecond`, each retry takes 1; the
 * balance stays within [0, `reserveMax`]. Kept in hundredths, so that whole percents add up.
 *
 * Source: the retry budgets of Finagle and Linkerd (20 % and 10 per second there).
 */
export class RetryBudget {
  #percent = 0;
  #hundredths: number = reserveMax * 100;
  #paidAtMs: number;

  constructor(nowMs: number) {
    this.#paidAtMs = nowMs;
  }

  /**
   * A call came in; `percent` is the policy's, from now on.
   * @throws RangeError unless it is within 0 and 100.
   */
  deposit(percent: number): void {
    if (!(percent >= 0 && percent <= 100))
      throw new RangeError(`percent must be 0..100: ${percent}`);
    this.#percent = percent;
    this.#hundredths = Math.min(reserveMax * 100, this.#hundredths + percent);
  }

  /** May one retry go out now? True takes it. */
  withdraw(nowMs: number): boolean {
    // With 0 percent, retrying is switched off altogether.
    if (this.#percent === 0) return false;
    const trickled = (Math.max(0, nowMs - this.#paidAtMs) / 10) * tricklePerSecond;
    this.#hundredths = Math.min(reserveMax * 100, this.#hundredths + trickled);
    this.#paidAtMs = nowMs;
    if (this.#hundredths < 100) return false;
    this.#hundredths -= 100;
    return true;
  }
}

const tricklePerSecond = 10;
/** The burst that may be saved up: enough to move a busy moment to another deployment. */
const reserveMax = 100;
