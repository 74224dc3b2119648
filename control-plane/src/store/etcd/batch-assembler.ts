import type { IEvent, IWatchResponse } from "etcd3";
import type { Change, WatchBatch } from "../store.ts";
import { entryFrom, integerFrom } from "./entry-from.ts";
import type { KeySpace } from "./key-space.ts";

/**
 * Whole revisions from what etcd sends of a watch.
 *
 * etcd sends all events of a revision in one response, even where it sends many revisions at once
 * (mvcc/watcher_group.go, eventBatch). Only where it was asked to cut large responses into fragments
 * may a revision go on in the next one; the last has `fragment` unset. So a revision is complete
 * when an event of a later one comes, or its response ends and is no fragment.
 *
 * What was told already, or is before `from`, is left out.
 */
export class BatchAssembler {
  readonly #keys: KeySpace;
  #next: number;
  #partial: { readonly revision: number; readonly changes: Change[] } | undefined;

  constructor(keys: KeySpace, from: number) {
    this.#keys = keys;
    this.#next = from;
  }

  /** The batches that are complete with this response. */
  add({ events, fragment }: Pick<IWatchResponse, "events" | "fragment">): WatchBatch[] {
    const complete: WatchBatch[] = [];
    for (const event of events) {
      const revision = integerFrom(event.kv.mod_revision);
      if (revision < this.#next) continue;
      if (this.#partial && this.#partial.revision !== revision) complete.push(...this.#take());
      this.#partial ??= { revision, changes: [] };
      this.#partial.changes.push(changeFrom(event, this.#keys));
    }
    if (events.length > 0 && !fragment) complete.push(...this.#take());
    return complete;
  }

  #take(): WatchBatch[] {
    const batch = this.#partial;
    if (!batch) return [];
    this.#partial = undefined;
    this.#next = batch.revision + 1;
    return [batch];
  }
}

function changeFrom({ type, kv }: IEvent, keys: KeySpace): Change {
  if (type === "Delete") return { type: "delete", key: keys.outside(kv.key) };
  return { type: "put", entry: entryFrom(kv, keys) };
}
