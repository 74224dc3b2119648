import type { Clock } from "@headgate/core";
import type { Logger } from "pino";
import type { Store } from "../../store/store.ts";
import type { Leadership } from "../leadership.ts";
import type { Duty } from "../run-while-leader.ts";
import { dutyEvery } from "./duty-every.ts";

export interface CompactHistoryOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default 10 minutes. */
  readonly everyMs?: number;
  /**
   * Keep what was overwritten or deleted in this time, at least. Default 30 minutes: watchers that
   * were away for less go on where they were, later ones list again.
   */
  readonly keepMs?: number;
}

interface Mark {
  readonly atMs: number;
  /** The store's newest revision then. */
  readonly revision: number;
}

const everyDefaultMs = 10 * 60_000;
const keepDefaultMs = 30 * 60_000;
const marksMax = 1_000;

/**
 * Lets the store forget old revisions, which etcd by default never does by itself until its disk
 * quota is used up and it refuses writes. Others must not compact: not etcd's own
 * auto-compaction sooner than `keepMs`, nor by hand.
 *
 * The store does not tell when a revision was made, so the leader notes the newest one each time,
 * and compacts to a note that is old enough. A new leader has no notes: history is kept longer.
 * Not fenced, for it need not be: compacting twice, or late, to an old revision does no harm.
 */
export function compactHistory(options: CompactHistoryOptions): Duty {
  const { store, clock, logger, everyMs = everyDefaultMs, keepMs = keepDefaultMs } = options;
  if (!(keepMs >= 0 && keepMs <= everyMs * marksMax)) {
    throw new RangeError(`keepMs must be 0 to ${marksMax} times everyMs, got ${keepMs}`);
  }
  let marks: readonly Mark[] = [];
  const task = async (leadership: Leadership) => {
    // Noted before the answer: the revision is at least as young as we think.
    const atMs = clock.now();
    const { revision } = await store.get(leadership.compare.key);
    // Revisions go back when a store was replaced: what was noted is of another.
    if (revision < (marks.at(-1)?.revision ?? 0)) marks = [];
    marks = [...marks, { atMs, revision }];
    const old = marks.findLastIndex((mark) => mark.atMs <= atMs - keepMs);
    const target = marks[old];
    if (!target || !leadership.isValid()) return;
    await store.compact(target.revision);
    marks = marks.slice(old + 1);
    logger.debug({ revision: target.revision }, "the store may forget what is older");
  };
  return dutyEvery({ name: "compact-history", everyMs, clock, logger, task });
}
