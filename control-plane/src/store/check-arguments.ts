import { storeLimits, type Transaction } from "./store.ts";

/** @throws RangeError saying what is out of bounds. Shared by all stores, so that they refuse alike. */
export function assertTransaction({ compare = [], writes }: Transaction): void {
  assertAtMost("compares in a transaction", compare.length, storeLimits.transactionComparesMax);
  assertAtMost("writes in a transaction", writes.length, storeLimits.transactionWritesMax);
  for (const { key } of compare) assertKey(key);
  const keys = new Set<string>();
  let bytes = 0;
  for (const write of writes) {
    assertKey(write.key);
    if (keys.has(write.key)) throw new RangeError(`key "${write.key}" is written twice`);
    keys.add(write.key);
    bytes += Buffer.byteLength(write.key);
    if (write.type === "put") {
      assertAtMost(`bytes in "${write.key}"`, write.value.byteLength, storeLimits.valueBytesMax);
      bytes += write.value.byteLength;
    }
  }
  assertAtMost("bytes in a transaction", bytes, storeLimits.transactionBytesMax);
}

/** @throws RangeError unless it is a non-empty, well-formed string of bounded size. */
export function assertKey(key: string): void {
  if (key === "") throw new RangeError("a key must not be empty");
  assertPrefix(key);
}

/** @throws RangeError unless it can be the start of a key. */
export function assertPrefix(prefix: string): void {
  // A lone surrogate has no UTF-8 form: two such keys would become one.
  if (!prefix.isWellFormed()) throw new RangeError("a key must be well-formed Unicode");
  assertAtMost("bytes in a key", Buffer.byteLength(prefix), storeLimits.keyBytesMax);
}

/** @throws RangeError unless it is an integer, `min` or more. */
export function assertInteger(name: string, value: number, min: number): void {
  if (!Number.isSafeInteger(value) || value < min) {
    throw new RangeError(`${name} must be an integer >= ${min}, got ${value}`);
  }
}

/** @throws RangeError unless it is the `limit` of a list. */
export function assertListLimit(limit: number): void {
  assertInteger("limit", limit, 1);
  if (limit > storeLimits.listEntriesMax) {
    throw new RangeError(`limit must be at most ${storeLimits.listEntriesMax}, got ${limit}`);
  }
}

function assertAtMost(what: string, count: number, max: number): void {
  if (count > max) throw new RangeError(`too many ${what}: ${count}, at most ${max}`);
}
