import type { Sealer } from "@headgate/config";
import type { Clock } from "@headgate/core";
import {
  type Entry,
  type Store,
  storeLimits,
  type Transaction,
  type TransactionResult,
} from "../store/store.ts";
import { countStale, sealedPrefixes } from "./count-stale.ts";
import { entriesUnder } from "./entries-under.ts";
import { type Resealed, resealBatches } from "./reseal-batches.ts";

export interface ResealOptions {
  readonly store: Store;
  readonly sealer: Sealer;
  readonly clock: Clock;
  /** Below which everything is sealed, and nothing under a lease. Default: `sealedPrefixes`. */
  readonly prefixes?: readonly string[];
  /** How to write, for a leader that adds its fence. Default: the store's own. */
  readonly transact?: (transaction: Transaction) => Promise<TransactionResult>;
  /** Ends the work between two transactions; what was done stays done. */
  readonly signal?: AbortSignal;
  /**
   * Between two transactions, so that nodes and other writers keep up: each value written goes
   * out to every node once. Default 250: 100,000 small values in about five minutes.
   */
  readonly pauseMs?: number;
}

export interface ResealResult {
  /** Values now under the current key that were not. */
  readonly resealed: number;
  /** Values that no key here opens: kept as they are. */
  readonly unreadable: number;
  /** False if `signal` aborted, or the fence of `transact` refused. */
  readonly finished: boolean;
  /**
   * What is not under the current key after all: unreadable, or written meanwhile by others with
   * another key. Counted only if finished.
   */
  readonly remaining?: number;
}

const pauseDefaultMs = 250;

/** A second look finds what writers with another current key wrote during the first. */
const passesMax = 3;

/**
 * Seal again, under the current key, what is sealed under another: then the other may go.
 *
 * Each value is compared with what was read, so nobody's write is undone: what changed meanwhile
 * is left, and looked at once more. May run again, or twice at once, or be cut off anywhere: what
 * is current is never written. Every value written gets a new revision with the same content.
 *
 * @throws What the store or `transact` throws; what was done before stays done.
 */
export async function resealStore(options: ResealOptions): Promise<ResealResult> {
  const { store, sealer, prefixes = sealedPrefixes } = options;
  let resealed = 0;
  for (let pass = 1; ; pass++) {
    const done = await resealOnce(options);
    resealed += done.resealed;
    const { unreadable } = done;
    if (!done.finished) return { resealed, unreadable, finished: false };
    if (done.conflicts > 0 && pass < passesMax) continue;
    const remaining = await countStale(store, sealer, prefixes);
    return { resealed, unreadable, finished: true, remaining };
  }
}

interface Pass extends Resealed {
  readonly unreadable: number;
}

async function resealOnce(options: ResealOptions): Promise<Pass> {
  const { store, clock, prefixes = sealedPrefixes, signal, pauseMs = pauseDefaultMs } = options;
  const transact = options.transact ?? ((transaction) => store.transact(transaction));
  const pause = () => clock.sleep(pauseMs, signal);
  const total = { resealed: 0, conflicts: 0, unreadable: 0, finished: true };
  for await (const page of entriesUnder(store, prefixes)) {
    const { readable, unreadable } = sealAnew(page, options.sealer);
    const done = await resealBatches(readable, { transact, pause, signal });
    total.unreadable += unreadable;
    total.resealed += done.resealed;
    total.conflicts += done.conflicts;
    total.finished = done.finished;
    if (!total.finished) break;
  }
  return total;
}

/** Those of a page that are not current, with the same bytes under the current key. */
function sealAnew(
  page: readonly Entry[],
  sealer: Sealer,
): { readonly readable: readonly Entry[]; readonly unreadable: number } {
  const stale = page.filter(({ value }) => !sealer.isCurrent(value));
  const readable = stale.flatMap((entry) => {
    const value = sealedAgain(entry, sealer);
    return value && value.length <= storeLimits.valueBytesMax ? [{ ...entry, value }] : [];
  });
  return { readable, unreadable: stale.length - readable.length };
}

function sealedAgain({ key, value }: Entry, sealer: Sealer): Uint8Array | undefined {
  try {
    return sealer.seal(sealer.open(value, key), key);
  } catch {
    return undefined; // The caller counts it; whoever needs the value says why.
  }
}
