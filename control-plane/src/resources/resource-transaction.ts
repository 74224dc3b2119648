import type { ResourceKind } from "@headgate/config";
import type { Compare, Transaction, Write } from "../store/store.ts";
import { encodeHashOwner, keyHashKey } from "./key-hash-index.ts";
import { addedReferences, referrersOfKind } from "./references.ts";
import { type ResourceCodec, resourceKey, type StoredResource } from "./resource-codec.ts";
import type { AnyResource } from "./resource-kind.ts";
import { type Guard, guardKeys, type StoreState } from "./store-state.ts";

/** One resource made (no `before`), replaced, or deleted (no `after`). */
export interface ResourceChange {
  readonly kind: ResourceKind;
  readonly name: string;
  readonly before: StoredResource | undefined;
  readonly after: AnyResource | undefined;
}

/** What a transaction holds besides its changes. */
export interface Recording {
  readonly codec: ResourceCodec;
  /** Who did what, written with it. Absent: nothing is recorded. */
  readonly auditEntry?: Write;
}

/**
 * The transaction that makes these changes, provided that nothing it was decided on has changed:
 * - each resource written is as it was read;
 * - each resource newly referred to still exists (it may have been updated);
 * - nothing new refers to what is deleted, and no credential name is taken (see guardKeys);
 * - no secret is taken by another key (see key-hash-index.ts).
 */
export function resourceTransaction(
  changes: readonly ResourceChange[],
  state: StoreState,
  { codec, auditEntry }: Recording,
): Transaction {
  const compare = new Map<string, Compare>();
  const writes: Write[] = [];
  if (auditEntry) {
    compare.set(auditEntry.key, { key: auditEntry.key, revision: 0 }); // Entries are never replaced.
    writes.push(auditEntry);
  }
  for (const { kind, name, before, after } of changes) {
    const key = resourceKey(kind, name);
    compare.set(key, { key, revision: before?.revision ?? 0 });
    writes.push(
      after ? { type: "put", key, value: codec.encode(kind, after) } : { type: "delete", key },
    );
  }
  addReferences(changes, state, compare);
  for (const { guard, compares, writes: puts } of guardUses(changes)) {
    const key = guardKeys[guard];
    if (compares) compare.set(key, { key, revision: state.guardRevision(guard) });
    if (puts) writes.push({ type: "put", key, value: new Uint8Array() });
  }
  for (const [secretHash, owner] of ownersAfter(changes, state)) {
    const key = keyHashKey(secretHash);
    compare.set(key, { key, revision: state.hashOwner(secretHash)?.revision ?? 0 });
    writes.push(
      owner === undefined
        ? { type: "delete", key }
        : { type: "put", key, value: encodeHashOwner(owner) },
    );
  }
  return { compare: [...compare.values()], writes };
}

/** Bring the state up to a transaction that was committed at `revision`. */
export function advanceState(
  changes: readonly ResourceChange[],
  state: StoreState,
  revision: number,
): void {
  const owners = ownersAfter(changes, state);
  for (const { kind, name, before, after } of changes) {
    if (!after) state.remove(kind, name);
    else {
      if (after.metadata) after.metadata.revision = BigInt(revision);
      const createRevision = before?.createRevision ?? revision;
      state.put({ kind, name, resource: after, revision, createRevision });
    }
  }
  for (const [secretHash, name] of owners) {
    state.setHashOwner(secretHash, name === undefined ? undefined : { name, revision });
  }
  for (const { guard, writes } of guardUses(changes)) {
    if (writes) state.setGuardRevision(guard, revision);
  }
}

function addReferences(
  changes: readonly ResourceChange[],
  state: StoreState,
  compare: Map<string, Compare>,
): void {
  for (const { before, after } of changes) {
    for (const { kind, name } of after ? addedReferences(before?.resource, after) : []) {
      const key = resourceKey(kind, name);
      if (compare.has(key)) continue; // Written here too, and compared for that.
      const revision = state.get(kind, name)?.createRevision ?? 0;
      compare.set(key, { key, revision, target: "createRevision" });
    }
  }
}

interface GuardUse {
  readonly guard: Guard;
  readonly compares: boolean;
  readonly writes: boolean;
}

function guardUses(changes: readonly ResourceChange[]): readonly GuardUse[] {
  const refers = changes.some(
    ({ before, after }) => after && addedReferences(before?.resource, after).length > 0,
  );
  const deletes = changes.some(({ kind, after }) => !after && referrersOfKind[kind].length > 0);
  const names = changes.some(({ before, after }) => addsCredential(before?.resource, after));
  return [
    { guard: "references", compares: deletes, writes: refers },
    { guard: "credentials", compares: names, writes: names },
  ];
}

function addsCredential(before: AnyResource | undefined, after: AnyResource | undefined): boolean {
  const had = new Set(credentialNames(before));
  return credentialNames(after).some((name) => !had.has(name));
}

function credentialNames(resource: AnyResource | undefined): readonly string[] {
  if (resource?.$typeName !== "headgate.resources.v1.Provider") return [];
  return resource.credentials.map(({ name }) => name);
}

/** Secret hashes whose owner changes, and who has them then. Undefined: nobody. */
function ownersAfter(
  changes: readonly ResourceChange[],
  state: StoreState,
): ReadonlyMap<string, string | undefined> {
  const owners = new Map<string, string | undefined>();
  const rehashed = changes.filter(
    ({ before, after }) => secretHashOf(before?.resource) !== secretHashOf(after),
  );
  for (const { name, before } of rehashed) {
    const hash = secretHashOf(before?.resource);
    // Not if another key has taken it over in an earlier transaction.
    if (hash && state.hashOwner(hash)?.name === name) owners.set(hash, undefined);
  }
  for (const { name, after } of rehashed) {
    const hash = secretHashOf(after);
    if (hash) owners.set(hash, name);
  }
  return owners;
}

/** Empty for everything but keys. */
export function secretHashOf(resource: AnyResource | undefined): string {
  return resource?.$typeName === "headgate.resources.v1.Key" ? resource.secretHash : "";
}
