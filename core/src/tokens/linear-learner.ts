/** One weight of a LinearLearner. */
export interface LearnedWeight {
  /** What it is believed to be before anything was seen. */
  readonly prior: number;
  /** How far off that may be: one standard deviation. */
  readonly deviation: number;
  /** Whatever is seen, it stays within these. */
  readonly min: number;
  readonly max: number;
}

/** An observation further off than this many standard deviations is taken to be just that far off. */
const outlierDeviations = 3;

/** What was learnt ages by this part of the prior's deviation per observation, so that it follows changes. */
const driftPart = 0.02;

/**
 * Learns the weights of a weighted sum from its outcomes, one by one: recursive least squares in the
 * form of a Kalman filter, which starts from a belief and knows how sure it is. An outcome that is
 * nonsense moves it a bounded step.
 */
export class LinearLearner {
  readonly #prior: readonly LearnedWeight[];
  readonly #weights: number[];
  /** Covariance of the weights, row by row. */
  readonly #covariance: Float64Array;

  constructor(prior: readonly LearnedWeight[]) {
    this.#prior = prior;
    this.#weights = prior.map((weight) => weight.prior);
    this.#covariance = new Float64Array(prior.length ** 2);
    for (const [i, { deviation }] of prior.entries()) {
      this.#covariance[i * prior.length + i] = deviation ** 2;
    }
  }

  predict(features: readonly number[]): number {
    return dot(this.#weights, features);
  }

  /** @param noise - By how much outcomes scatter anyway: one standard deviation, above 0. */
  learn(features: readonly number[], outcome: number, noise: number): void {
    this.#drift();
    const spread = this.#timesCovariance(features);
    const variance = dot(features, spread) + noise ** 2;
    const limit = outlierDeviations * Math.sqrt(variance);
    const error = clamp(outcome - this.predict(features), -limit, limit);
    for (const [i, { min, max }] of this.#prior.entries()) {
      const weight = this.#weights[i] ?? 0;
      this.#weights[i] = clamp(weight + ((spread[i] ?? 0) / variance) * error, min, max);
    }
    this.#shrink(spread, variance);
  }

  #timesCovariance(features: readonly number[]): readonly number[] {
    const size = this.#prior.length;
    return this.#prior.map((_, row) =>
      features.reduce(
        (sum, x, column) => sum + x * (this.#covariance[row * size + column] ?? 0),
        0,
      ),
    );
  }

  /** Surer by what was seen. */
  #shrink(spread: readonly number[], variance: number): void {
    const size = this.#prior.length;
    for (const [row, own] of spread.entries()) {
      for (const [column, other] of spread.entries()) {
        const at = row * size + column;
        this.#covariance[at] = (this.#covariance[at] ?? 0) - (own * other) / variance;
      }
    }
  }

  /** Less sure with time, but never less than at first. */
  #drift(): void {
    const size = this.#prior.length;
    for (const [i, { deviation }] of this.#prior.entries()) {
      const at = i * size + i;
      const more = (this.#covariance[at] ?? 0) + (driftPart * deviation) ** 2;
      this.#covariance[at] = clamp(more, 0, deviation ** 2);
    }
  }
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}
