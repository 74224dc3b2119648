/** The middle of several rounds, with their extremes so that a reader sees the noise. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly rounds: number;
}

/**
 * The smallest value that at least `percent` of the values do not exceed (nearest rank), so that
 * what is printed is always something that was measured.
 *
 * @throws RangeError if there are no values or `percent` is not in (0, 100].
 */
export function percentile(values: readonly number[], percent: number): number {
  if (!(percent > 0 && percent <= 100)) {
    throw new RangeError(`percent must be above 0 and at most 100, got ${percent}`);
  }
  const ascending = values.toSorted((a, b) => a - b);
  const value = ascending[Math.ceil((percent / 100) * ascending.length) - 1];
  if (value === undefined) throw new RangeError("a percentile needs at least one value");
  return value;
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const ascending = values.toSorted((a, b) => a - b);
  const upper = ascending[Math.floor(ascending.length / 2)];
  const lower = ascending[Math.ceil(ascending.length / 2) - 1];
  if (upper === undefined || lower === undefined) {
    throw new RangeError("a median needs at least one value");
  }
  return (lower + upper) / 2;
}

/** @throws RangeError if there are no values. */
export function summarize(values: readonly number[]): Summary {
  return {
    median: significant(median(values)),
    min: significant(Math.min(...values)),
    max: significant(Math.max(...values)),
    rounds: values.length,
  };
}

/** `value / base`, or undefined where that says nothing: a side is missing or the base is not positive. */
export function ratio(value: number | undefined, base: number | undefined): number | undefined {
  if (value === undefined || base === undefined || !(base > 0)) return undefined;
  return value / base;
}

/** Four significant digits: more than the measurement has, few enough for a readable diff. */
function significant(value: number): number {
  return Number(value.toPrecision(4));
}
