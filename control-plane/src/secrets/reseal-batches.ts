import type { Entry, Transaction, TransactionResult } from "../store/store.ts";

export interface ResealBatchesOptions {
  readonly transact: (transaction: Transaction) => Promise<TransactionResult>;
  /** After each transaction. */
  readonly pause: () => Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

export interface Resealed {
  readonly resealed: number;
  /** Values that somebody else wrote or deleted meanwhile. */
  readonly conflicts: number;
  /** False if `signal` aborted, or a fence refused: nothing after that was tried. */
  readonly finished: boolean;
}

/** A leader's fence adds a comparison of its own, and 128 is the bound. */
const batchMaxEntries = 100;

/** etcd refuses requests over 1.5 MiB; one value may have 1 MiB. */
const batchMaxBytes = 1024 * 1024;

/**
 * Write entries in place of what they were read as, some at a time. Those that changed meanwhile
 * are left, the rest of their batch is written.
 */
export async function resealBatches(
  entries: readonly Entry[],
  { transact, pause, signal }: ResealBatchesOptions,
): Promise<Resealed> {
  const total = { resealed: 0, conflicts: 0 };
  for (const batch of batchesOf(entries)) {
    if (signal?.aborted) break;
    const resealed = await writeBatch(batch, transact);
    if (resealed === "fenced") return { ...total, finished: false };
    total.resealed += resealed;
    total.conflicts += batch.length - resealed;
    await pause();
  }
  return { ...total, finished: signal?.aborted !== true };
}

/** How many were written. Each refusal names at least one that is not tried again. */
async function writeBatch(
  batch: readonly Entry[],
  transact: ResealBatchesOptions["transact"],
): Promise<number | "fenced"> {
  let left = batch;
  while (left.length > 0) {
    const result = await transact({
      compare: left.map(({ key, revision }) => ({ key, revision })),
      writes: left.map(({ key, value }) => ({ type: "put", key, value })),
    });
    if (result.ok) return left.length;
    const rest = left.filter(({ key }) => !result.conflicts.includes(key));
    if (rest.length === left.length) return "fenced";
    left = rest;
  }
  return 0;
}

function batchesOf(entries: readonly Entry[]): readonly (readonly Entry[])[] {
  const batches: Entry[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const entry of entries) {
    const current = batches.at(-1);
    const fits = bytes + entry.value.length <= batchMaxBytes;
    if (current && fits && current.length < batchMaxEntries) {
      current.push(entry);
      bytes += entry.value.length;
    } else {
      batches.push([entry]);
      bytes = entry.value.length;
    }
  }
  return batches;
}
