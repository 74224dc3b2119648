import type { SnapshotEntry } from "./snapshot-history.ts";

/** What a node needs to get from what it has to a view of its build. */
export interface Delta {
  /** 0: a full snapshot. */
  readonly fromVersion: number;
  readonly version: number;
  readonly stateHash: bigint;
  readonly upserts: readonly SnapshotEntry[];
  readonly removed: readonly { readonly kind: string; readonly name: string }[];
  /** About the size of what is sent. */
  readonly bytes: number;
}

/** The contents of a delta by resource id; undefined: removed. */
export function contentsOf(delta: Delta): Map<string, SnapshotEntry | undefined> {
  const contents = new Map<string, SnapshotEntry | undefined>();
  for (const entry of delta.upserts) contents.set(`${entry.kind}/${entry.name}`, entry);
  for (const { kind, name } of delta.removed) contents.set(`${kind}/${name}`, undefined);
  return contents;
}

export function nameFromId(id: string): { kind: string; name: string } {
  const slash = id.indexOf("/");
  return { kind: id.slice(0, slash), name: id.slice(slash + 1) };
}
