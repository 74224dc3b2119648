import type { IKeyValue } from "etcd3";
import type { Entry } from "../store.ts";
import type { KeySpace } from "./key-space.ts";

/** With its own copy of the value: etcd's is a view of the whole message. */
export function entryFrom(kv: IKeyValue, keys: KeySpace): Entry {
  return {
    key: keys.outside(kv.key),
    value: new Uint8Array(kv.value),
    createRevision: integerFrom(kv.create_revision),
    revision: integerFrom(kv.mod_revision),
  };
}

/** An int64 of etcd's. Revisions stay far below 2^53: a million a second would take 285 years. */
export function integerFrom(text: string | undefined): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`etcd sent ${text} for an integer`);
  return value;
}
