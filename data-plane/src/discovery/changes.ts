import type { discovery } from "@headgate/proto";
import { identify, isKnownKind, type ResourceIdentity, resourceKey } from "./snapshot.ts";

/** One resource that a delta sets, or removes. */
export interface Change {
  readonly key: string;
  readonly identity: ResourceIdentity;
  /** Undefined: removed. */
  readonly resource: discovery.Resource | undefined;
}

/** By resourceKey(). */
export type Changes = ReadonlyMap<string, Change>;

/** All of a delta's changes; undefined in the place of one whose kind this build does not know. */
export function* listChanges({
  upserts,
  removed,
}: discovery.StreamSnapshotsResponse): Generator<Change | undefined> {
  for (const { kind, name } of removed) {
    yield isKnownKind(kind) ? changeOf({ kind, name }, undefined) : undefined;
  }
  for (const resource of upserts) {
    const identity = identify(resource);
    yield identity && changeOf(identity, resource);
  }
}

function changeOf(identity: ResourceIdentity, resource: discovery.Resource | undefined): Change {
  return { key: resourceKey(identity.kind, identity.name), identity, resource };
}
