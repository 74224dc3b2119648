import { type Clock, fullJitterMs, type Random } from "@headgate/core";
import { CompactedError, type Entry, type Store, type WatchBatch } from "./store.ts";

export interface FollowOptions {
  readonly store: Store;
  readonly prefix: string;
  readonly clock: Clock;
  readonly random: Random;
  /** All there is, as of `revision`: the first time, and whenever changes were missed. */
  readonly onList: (entries: readonly Entry[], revision: number) => void;
  /** All changes of one revision, in order. */
  readonly onChanges: (batch: WatchBatch) => void;
  /** The store was lost, or what it has can't be followed; it is tried again after a pause. */
  readonly onLost: (reason: unknown) => void;
}

export interface Following extends AsyncDisposable {
  /** Resolves after the first listing. Never rejects; stays pending if there never is one. */
  readonly listed: Promise<void>;
  readonly isListed: boolean;
}

const pauseBaseMs = 100;
const pauseMaxMs = 5_000;

/**
 * Keeps somebody informed of everything under a prefix: one listing, then a watch from there on.
 * Lists again when the store no longer has what was missed; tries again, with pauses, when it
 * can't be reached.
 */
export function followPrefix(options: FollowOptions): Following {
  const stopper = new AbortController();
  const listed = Promise.withResolvers<void>();
  const position: Position = { next: undefined, progressed: false };
  let isListed = false;
  const onListed = () => {
    // Later ones are no progress by themselves: a store that is always compacted too soon must not be listed all the time.
    position.progressed ||= !isListed;
    isListed = true;
    listed.resolve();
  };
  const done = run({ ...options, position, onListed, signal: stopper.signal });
  return {
    listed: listed.promise,
    get isListed() {
      return isListed;
    },
    [Symbol.asyncDispose]: async () => {
      stopper.abort();
      await done;
    },
  };
}

interface Position {
  /** Watch from here; undefined: list first. */
  next: number | undefined;
  progressed: boolean;
}

interface Run extends FollowOptions {
  readonly position: Position;
  readonly onListed: () => void;
  readonly signal: AbortSignal;
}

async function run(run: Run): Promise<void> {
  const { clock, random, position, onLost, signal } = run;
  for (let failures = 0; !signal.aborted; failures++) {
    position.progressed = false;
    const reason = await followUntilLost(run);
    if (signal.aborted) return;
    if (position.progressed) failures = 0;
    if (reason instanceof CompactedError) position.next = undefined;
    onLost(reason);
    const pause = { attempt: failures, baseMs: pauseBaseMs, maxMs: pauseMaxMs, random };
    await clock.sleep(fullJitterMs(pause), signal);
  }
}

/** Returns why it ended. */
async function followUntilLost(run: Run): Promise<unknown> {
  const { store, prefix, position, onChanges, signal } = run;
  try {
    position.next ??= (await list(run)) + 1;
    for await (const batch of store.watch(prefix, { from: position.next, signal })) {
      onChanges(batch);
      position.next = batch.revision + 1;
      position.progressed = true;
    }
    return new Error("the store ended the watch");
  } catch (reason) {
    return reason;
  }
}

async function list({ store, prefix, onList, onListed }: Run): Promise<number> {
  let page = await store.list(prefix);
  const { revision } = page;
  const entries = [...page.value];
  while (page.more) {
    const after = page.value.at(-1)?.key;
    if (after === undefined) break;
    page = await store.list(prefix, { revision, after });
    entries.push(...page.value);
  }
  onList(entries, revision);
  onListed();
  return revision;
}
