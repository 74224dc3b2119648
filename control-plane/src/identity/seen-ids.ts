/** Beyond it the oldest are forgotten: two a second for each of 10,000 nodes. */
const idsMax = 20_000;

/** Ids that were used, for as long as they could be used again. */
export class SeenIds {
  /** To when they expire, in the order of use. */
  readonly #expiryMs = new Map<string, number>();

  /** True the first time. */
  use(id: string, { expireTimeMs, nowMs }: { expireTimeMs: number; nowMs: number }): boolean {
    this.#forget(nowMs);
    if (this.#expiryMs.has(id)) return false;
    this.#expiryMs.set(id, expireTimeMs);
    return true;
  }

  #forget(nowMs: number): void {
    for (const [id, expiryMs] of this.#expiryMs) {
      if (expiryMs > nowMs && this.#expiryMs.size < idsMax) return;
      this.#expiryMs.delete(id);
    }
  }
}
