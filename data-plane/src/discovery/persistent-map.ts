/** 100,000 entries make about 100 to a shard: copying one costs some microseconds. */
const shardCount = 1024;

/**
 * A map that never changes: with() makes another that shares all it can with
 * this one. So a change of one entry among 100,000 costs two small copies, and
 * whoever still holds the old map is not disturbed.
 *
 *   shards: [ Map, Map, ... 1,024 by hash of the key ... ]
 */
export class PersistentMap<V> {
  readonly #shards: readonly (ReadonlyMap<string, V> | undefined)[];
  readonly size: number;

  private constructor(shards: readonly (ReadonlyMap<string, V> | undefined)[], size: number) {
    this.#shards = shards;
    this.size = size;
  }

  static empty<V>(): PersistentMap<V> {
    return new PersistentMap<V>(new Array(shardCount).fill(undefined), 0);
  }

  get(key: string): V | undefined {
    return this.#shards[shardOf(key)]?.get(key);
  }

  has(key: string): boolean {
    return this.#shards[shardOf(key)]?.has(key) ?? false;
  }

  /** Set every key to its value, or remove it where the value is undefined. O(changes + 1,024). */
  with(changes: Iterable<readonly [string, V | undefined]>): PersistentMap<V> {
    const shards = [...this.#shards];
    const owned = new Map<number, Map<string, V>>();
    let { size } = this;
    for (const [key, value] of changes) {
      const index = shardOf(key);
      let shard = owned.get(index);
      if (!shard) {
        shard = new Map(shards[index]);
        owned.set(index, shard);
        shards[index] = shard;
      }
      size -= shard.size;
      if (value === undefined) shard.delete(key);
      else shard.set(key, value);
      size += shard.size;
    }
    return new PersistentMap(shards, size);
  }

  /** In no particular order. */
  *values(): Generator<V> {
    for (const shard of this.#shards) {
      if (shard) yield* shard.values();
    }
  }
}

/** FNV-1a, 32 bits. http://www.isthe.com/chongo/tech/comp/fnv/ */
function shardOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) {
    hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  }
  return ((hash ^ (hash >>> 16)) >>> 0) % shardCount;
}
