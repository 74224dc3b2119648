/**
 * Which deployments rest. A 429 rests one for as long as it said, or 1 s; a
 * failure to connect, a timeout or a 5xx rests it 1, 2, 4 .. 30 s, doubling
 * while it goes on failing. Resting is a preference, not a ban: where nothing
 * else is left, the one due soonest is tried.
 *
 * A cooldown is never shortened by a later one (LiteLLM issue 40130).
 */
export class Cooldowns {
  readonly #resting = new Map<string, Rest>();

  /** True if nothing rests: the common case, checked first on the hot path. */
  get none(): boolean {
    return this.#resting.size === 0;
  }

  /** When `id` may be used again; 0 if it may be now. */
  untilMs(id: string, nowMs: number): number {
    const rest = this.#resting.get(id);
    return rest !== undefined && rest.untilMs > nowMs ? rest.untilMs : 0;
  }

  /** The provider said 429. `retryAfterMs` is what it asked for, if anything. */
  limited(id: string, nowMs: number, retryAfterMs: number | undefined): void {
    this.#rest(id, nowMs + Math.min(retryAfterMs ?? 1_000, limitedMaxMs), this.#failures(id));
  }

  failed(id: string, nowMs: number): void {
    const failures = this.#failures(id) + 1;
    this.#rest(id, nowMs + Math.min(failedMaxMs, 1_000 * 2 ** (failures - 1)), failures);
  }

  succeeded(id: string): void {
    this.#resting.delete(id);
  }

  /** Forget deployments that are no more. */
  retain(ids: ReadonlySet<string>): void {
    for (const id of this.#resting.keys()) if (!ids.has(id)) this.#resting.delete(id);
  }

  #failures(id: string): number {
    return this.#resting.get(id)?.failures ?? 0;
  }

  #rest(id: string, untilMs: number, failures: number): void {
    const before = this.#resting.get(id)?.untilMs ?? 0;
    this.#resting.set(id, { untilMs: Math.max(before, untilMs), failures });
  }
}

interface Rest {
  readonly untilMs: number;
  /** Failures in a row, 429s not counted. */
  readonly failures: number;
}

const failedMaxMs = 30_000;
/** Providers have been seen to ask for days ("try again in 114h"); look again each hour. */
const limitedMaxMs = 3_600_000;
