import type { Random } from "../random.ts";

/** One deployment as a balancing strategy sees it. */
export interface Candidate {
  readonly id: string;
  /** Relative share, more than 0. */
  readonly weight: number;
}

/**
 * A strategy: choose one of the candidates (at least one). Which ones are offered
 * changes from pick to pick: tiers, regions, cooldowns and earlier attempts are
 * not the strategy's concern.
 */
export interface Picker {
  pick<T extends Candidate>(candidates: readonly T[]): T;
}

export type StrategyName = "round_robin" | "weighted" | "shuffle";

export function createPicker(strategy: StrategyName, random: Random): Picker {
  switch (strategy) {
    case "round_robin":
      return new RoundRobin(random);
    case "weighted":
      return new SmoothWeighted();
    case "shuffle":
      return new Shuffle(random);
  }
}

/** Each in turn; weights do not matter. Starts anywhere, so that workers do not go in step. */
class RoundRobin implements Picker {
  #next: number;

  constructor(random: Random) {
    this.#next = Math.floor(random() * 1_000_000);
  }

  pick<T extends Candidate>(candidates: readonly T[]): T {
    const index = this.#next % candidates.length;
    this.#next += 1;
    return at(candidates, index);
  }
}

/**
 * In proportion to weight, as evenly spread as can be: {a: 5, b: 1, c: 1} gives a a b a c a a.
 * Each candidate gains its weight; the one with most is picked and pays the sum.
 *
 * Source: nginx's smooth weighted round-robin (commit 52327e0, I. Sysoev and M. Dounin, 2012).
 */
class SmoothWeighted implements Picker {
  readonly #credit = new Map<string, number>();

  pick<T extends Candidate>(candidates: readonly T[]): T {
    let best = at(candidates, 0);
    let bestCredit = Number.NEGATIVE_INFINITY;
    let total = 0;
    for (const candidate of candidates) {
      const credit = (this.#credit.get(candidate.id) ?? 0) + candidate.weight;
      this.#credit.set(candidate.id, credit);
      total += candidate.weight;
      if (credit > bestCredit) {
        best = candidate;
        bestCredit = credit;
      }
    }
    this.#credit.set(best.id, bestCredit - total);
    return best;
  }
}

/** At random, in proportion to weight. */
class Shuffle implements Picker {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  pick<T extends Candidate>(candidates: readonly T[]): T {
    const total = candidates.reduce((sum, candidate) => sum + candidate.weight, 0);
    let left = this.#random() * total;
    for (const candidate of candidates) {
      left -= candidate.weight;
      if (left < 0) return candidate;
    }
    return at(candidates, candidates.length - 1);
  }
}

function at<T>(list: readonly T[], index: number): T {
  const value = list[index];
  if (value === undefined) throw new RangeError("pick() needs at least one candidate");
  return value;
}
