/** Of ascending samples, by nearest rank: https://en.wikipedia.org/wiki/Percentile#The_nearest-rank_method. NaN of none. */
export function percentile(ascending: readonly number[], share: number): number {
  const rank = Math.max(1, Math.ceil(share * ascending.length));
  return ascending[rank - 1] ?? Number.NaN;
}
