import { type Entry, type Store, storeLimits } from "../../store/store.ts";
import type { Leadership } from "../leadership.ts";

export interface TrimPrefixOptions {
  readonly store: Store;
  readonly leadership: Leadership;
  readonly prefix: string;
  /** True if the entry is to be deleted. `nowMs` is wall time, as keys of that sort hold. */
  readonly isExpired: (key: string, nowMs: number, value: Uint8Array) => boolean;
  readonly nowMs: number;
  /**
   * Delete what comes after this many in the order of the keys: with keys that sort newest first,
   * the oldest.
   */
  readonly entriesMax: number;
  /** Most batches of up to 127 entries to look at in one go. Default 1,000. */
  readonly batchesMax?: number;
}

export interface TrimResult {
  readonly deleted: number;
  /** False if there was more than `batchesMax` to look at; the rest is for the next time. */
  readonly complete: boolean;
}

/** One compare of each transaction is the fence. */
const batchMax = storeLimits.transactionComparesMax - 1;

/**
 * Deletes what a prefix has too much of, a batch at a time, each under the fence. An entry that is
 * written meanwhile stays, with its batch, until the next time.
 *
 * It looks at every entry from the first on, those to keep too: `entriesMax` must be less than
 * `batchesMax` batches hold, or what is too much would never be reached.
 *
 * @throws {LeadershipLostError} when we are no longer the leader. {RangeError} for bounds that can't work.
 */
export async function trimPrefix(options: TrimPrefixOptions): Promise<TrimResult> {
  const { store, prefix, entriesMax, batchesMax = 1_000 } = options;
  assertBounds(entriesMax, batchesMax);
  let kept = 0;
  let deleted = 0;
  let after: string | undefined;
  for (let batch = 0; batch < batchesMax; batch++) {
    const page = await store.list(prefix, {
      limit: batchMax,
      ...(after !== undefined && { after }),
    });
    const surplus = surplusOf(options, page.value, kept);
    const gone = await remove(options, surplus);
    deleted += gone;
    kept += page.value.length - gone;
    after = page.value.at(-1)?.key;
    if (!page.more) return { deleted, complete: true };
  }
  return { deleted, complete: false };
}

function surplusOf(
  { isExpired, nowMs, entriesMax }: TrimPrefixOptions,
  entries: readonly Entry[],
  keptBefore: number,
): readonly Entry[] {
  let kept = keptBefore;
  return entries.filter(({ key, value }) => {
    if (kept >= entriesMax || isExpired(key, nowMs, value)) return true;
    kept += 1;
    return false;
  });
}

/** All of them, as they were read, or none. */
async function remove(
  { leadership }: TrimPrefixOptions,
  entries: readonly Entry[],
): Promise<number> {
  if (entries.length === 0) return 0;
  const { ok } = await leadership.transact({
    compare: entries.map(({ key, revision }) => ({ key, revision })),
    writes: entries.map(({ key }) => ({ type: "delete", key })),
  });
  return ok ? entries.length : 0;
}

function assertBounds(entriesMax: number, batchesMax: number): void {
  if (Number.isSafeInteger(entriesMax) && entriesMax >= 0 && entriesMax < batchesMax * batchMax) {
    return;
  }
  const most = batchesMax * batchMax - 1;
  throw new RangeError(
    `entriesMax must be 0 to ${most} (batchesMax times ${batchMax}), got ${entriesMax}`,
  );
}
