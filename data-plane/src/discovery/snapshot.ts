import { create } from "@bufbuild/protobuf";
import { resourceKinds } from "@headgate/config";
import { discovery } from "@headgate/proto";
import { PersistentMap } from "./persistent-map.ts";

/** Everything a node knows of the configuration as of one version. Never changes; see applyDelta(). */
export interface Snapshot {
  /** Store revision. 0: none yet. */
  readonly version: bigint;
  /** XOR of resourceHash() over all resources. */
  readonly stateHash: bigint;
  /** By resourceKey(). */
  readonly resources: PersistentMap<discovery.Resource>;
}

export const emptySnapshot: Snapshot = {
  version: 0n,
  stateHash: 0n,
  resources: PersistentMap.empty(),
};

/** Unambiguous although names may hold slashes: kinds do not. */
export function resourceKey(kind: string, name: string): string {
  return `${kind}/${name}`;
}

/** The one Settings resource has no name of its own. */
export const settingsName = "default";

/** Kind and name of a resource, or undefined when it is of a kind this build does not know. */
export function identify(resource: discovery.Resource): ResourceIdentity | undefined {
  const { resource: one } = resource;
  if (one.case === undefined) return undefined;
  return { kind: one.case, name: one.case === "settings" ? settingsName : one.value.name };
}

export type SnapshotKind = Exclude<discovery.Resource["resource"]["case"], undefined>;

/** Whether a kind that came as a word is one that this build knows. */
export function isKnownKind(kind: string): kind is SnapshotKind {
  return kind === "settings" || Object.hasOwn(resourceKinds, kind);
}

export interface ResourceIdentity {
  readonly kind: SnapshotKind;
  readonly name: string;
}

/** The snapshot as the delta that makes it from nothing: for a worker that starts late. */
export function fullDelta(snapshot: Snapshot): discovery.StreamSnapshotsResponse {
  return create(discovery.StreamSnapshotsResponseSchema, {
    fromVersion: 0n,
    version: snapshot.version,
    stateHash: snapshot.stateHash,
    upserts: [...snapshot.resources.values()],
  });
}
