import { storeLimits } from "../store/store.ts";
import { addedReferences } from "./references.ts";
import type { ResourceCodec } from "./resource-codec.ts";
import { resourceId } from "./resource-kind.ts";
import { type ResourceChange, secretHashOf } from "./resource-transaction.ts";
import { TooLargeError } from "./too-large-error.ts";

/** Two of a transaction's writes and comparisons may be the guards', one is the audit entry's. */
export const changeRoom = storeLimits.transactionWritesMax - 3;

/** With the audit entry's 256 KiB, and what keys take, below the 1.5 MiB that etcd takes at once. */
const groupBytesMax = 1024 * 1024;

/** Sealing adds less; the bound is the store's. */
const resourceBytesMax = storeLimits.valueBytesMax - 1024;

/**
 * As few groups as fit one transaction each, in the given order. Almost always one. A transaction
 * has 128 comparisons and 128 writes at most, and so many bytes.
 *
 * @throws TooLargeError for a resource that no transaction can hold.
 */
export function groupChanges(
  changes: readonly ResourceChange[],
  codec: ResourceCodec,
): ResourceChange[][] {
  const groups: ResourceChange[][] = [];
  let size: GroupSize | undefined;
  for (const change of changes) {
    const bytes = bytesOf(change, codec);
    if (!size?.add(change, bytes)) {
      size = new GroupSize();
      size.add(change, bytes);
      groups.push([]);
    }
    groups.at(-1)?.push(change);
  }
  return groups;
}

/** What the changes of one transaction come to. */
class GroupSize {
  readonly #compared = new Set<string>();
  #writes = 0;
  #bytes = 0;

  /** False, and nothing is added, if there is no room. The first always has. */
  add(change: ResourceChange, bytes: number): boolean {
    const hashes = changedHashes(change);
    const writes = this.#writes + 1 + hashes.length;
    const compared = comparedBy(change, hashes).filter((key) => !this.#compared.has(key));
    const compares = this.#compared.size + compared.length;
    const fits = Math.max(writes, compares) <= changeRoom && this.#bytes + bytes <= groupBytesMax;
    if (!fits && this.#writes > 0) return false;
    this.#writes = writes;
    this.#bytes += bytes;
    for (const key of compared) this.#compared.add(key);
    return true;
  }
}

function comparedBy(change: ResourceChange, hashes: readonly string[]): readonly string[] {
  const { kind, name, before, after } = change;
  const references = after ? addedReferences(before?.resource, after) : [];
  return [
    resourceId(kind, name),
    ...references.map((reference) => resourceId(reference.kind, reference.name)),
    ...hashes,
  ];
}

/** Entries of the index of secrets that it may write. */
function changedHashes({ before, after }: ResourceChange): readonly string[] {
  const [had, has] = [secretHashOf(before?.resource), secretHashOf(after)];
  return had === has ? [] : [had, has].filter((hash) => hash !== "");
}

function bytesOf({ kind, name, after }: ResourceChange, codec: ResourceCodec): number {
  if (!after) return 0;
  const bytes = codec.sizeOf(kind, after);
  if (bytes > resourceBytesMax) {
    throw new TooLargeError(
      `${kind} ${name} takes ${bytes} bytes, and a resource has at most ${resourceBytesMax}: make it smaller`,
    );
  }
  return bytes;
}
