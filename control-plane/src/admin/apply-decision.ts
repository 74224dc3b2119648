import { equals } from "@bufbuild/protobuf";
import {
  type Problem,
  type ReferenceProblem,
  type ResourceKind,
  resourceKindNames,
  resourceKinds,
  resourcesOfKind,
} from "@headgate/config";
import { admin, type resources } from "@headgate/proto";
import { type StoredResource, schemaOf } from "../resources/resource-codec.ts";
import { type AnyResource, resourceId } from "../resources/resource-kind.ts";
import { type ResourceChange, secretHashOf } from "../resources/resource-transaction.ts";
import type { StoreState } from "../resources/store-state.ts";
import { prepareResource } from "./prepare-resource.ts";
import { referenceProblemsAfter } from "./reference-problems.ts";

export interface ApplyOptions {
  readonly set: resources.ResourceSet;
  readonly hmacKey: Uint8Array;
  readonly nowMs: number;
  /** As in metadata. Empty: the API. */
  readonly managedBy: string;
  /** Whether a stored resource that the set does not name is deleted. */
  readonly prunes: (managedBy: string) => boolean;
  /** Whether the set may write a stored resource that something else manages. */
  readonly takesOver: boolean;
  /** Whether one that the set does not name becomes the API's. */
  readonly releases: (managedBy: string) => boolean;
}

export interface PlannedChange extends ResourceChange {
  readonly action: admin.ChangeAction;
}

export type ApplyDecision =
  | { readonly kind: "changes"; readonly changes: readonly PlannedChange[] }
  | { readonly kind: "invalid"; readonly problems: readonly Problem[] }
  | { readonly kind: "dangling"; readonly problems: readonly ReferenceProblem[] }
  | { readonly kind: "managed"; readonly name: string; readonly managedBy: string }
  | { readonly kind: "stale"; readonly name: string };

/**
 * What Apply would do to the store as it is. Pure. Changes come in the order to write them:
 * what is referred to before what refers to it, deletes last and the other way round.
 */
export function decideApply(state: StoreState, options: ApplyOptions): ApplyDecision {
  const problems: Problem[] = [];
  const changes: PlannedChange[] = [];
  const named = new Set<string>();
  for (const kind of resourceKindNames) {
    for (const [index, input] of resourcesOfKind(options.set, kind).entries()) {
      const path = pathOf(kind, index);
      const before = state.get(kind, nameOf(kind, input));
      const owner = before?.resource.metadata?.managedBy ?? "";
      const managedBy = options.takesOver ? options.managedBy : owner;
      const prepared = prepareResource(kind, input, { ...options, before, managedBy });
      if (!prepared.ok) {
        problems.push(...prepared.problems.map((problem) => inside(path, problem)));
        continue;
      }
      const id = resourceId(kind, prepared.resource.name);
      if (named.has(id)) problems.push({ path, message: `${id} is given twice; keep one` });
      named.add(id);
      const stale = staleRevision(input, before);
      if (stale) return { kind: "stale", name: id };
      const change = changeFrom(kind, before, prepared.resource);
      if (change.action !== admin.ChangeAction.UNCHANGED && owner !== "" && !options.takesOver) {
        return { kind: "managed", name: id, managedBy: owner };
      }
      changes.push(change);
    }
  }
  changes.push(...decideUnnamed(state, named, options));
  problems.push(...secretsGivenTwice(state, changes));
  if (problems.length > 0) return { kind: "invalid", problems };
  const dangling = referenceProblemsAfter(state, changes);
  return dangling.length > 0
    ? { kind: "dangling", problems: dangling }
    : { kind: "changes", changes };
}

function decideUnnamed(
  state: StoreState,
  named: ReadonlySet<string>,
  { prunes, releases, nowMs, hmacKey }: ApplyOptions,
): PlannedChange[] {
  const released: PlannedChange[] = [];
  const deleted: PlannedChange[] = [];
  for (const kind of resourceKindNames) {
    for (const before of state.ofKind(kind)) {
      const { name, resource } = before;
      const owner = resource.metadata?.managedBy ?? "";
      if (named.has(resourceId(kind, name))) continue;
      if (prunes(owner)) {
        const action = admin.ChangeAction.DELETED;
        deleted.push({ kind, name, before, after: undefined, action });
      } else if (releases(owner)) {
        const prepared = prepareResource(kind, resource, { before, hmacKey, nowMs, managedBy: "" });
        if (prepared.ok) released.push(changeFrom(kind, before, prepared.resource));
      }
    }
  }
  return [...released, ...deleted.reverse()];
}

function changeFrom(
  kind: ResourceKind,
  before: StoredResource | undefined,
  after: AnyResource,
): PlannedChange {
  const { name } = after;
  if (!before) return { kind, name, before, after, action: admin.ChangeAction.CREATED };
  const same = isSame(kind, before.resource, after);
  const action = same ? admin.ChangeAction.UNCHANGED : admin.ChangeAction.UPDATED;
  return { kind, name, before, after, action };
}

/** But for when it was written. */
function isSame(kind: ResourceKind, before: AnyResource, after: AnyResource): boolean {
  if (before.metadata?.managedBy !== after.metadata?.managedBy) return false;
  // As in schemaOf(): both are of this kind.
  const a = { ...before, metadata: undefined } as unknown as resources.Provider;
  const b = { ...after, metadata: undefined } as unknown as resources.Provider;
  return equals(schemaOf(kind), a, b);
}

/** The precondition of a write, if the caller gave one. */
function staleRevision(input: AnyResource, before: StoredResource | undefined): boolean {
  const revision = input.metadata?.revision ?? 0n;
  return revision !== 0n && revision !== BigInt(before?.revision ?? 0);
}

function secretsGivenTwice(state: StoreState, changes: readonly PlannedChange[]): Problem[] {
  const keys = new Map(state.ofKind("key").map((key) => [key.name, secretHashOf(key.resource)]));
  for (const { kind, name, after } of changes) {
    if (kind !== "key") continue;
    if (after) keys.set(name, secretHashOf(after));
    else keys.delete(name);
  }
  const owners = new Map<string, string>();
  const problems: Problem[] = [];
  for (const [name, hash] of keys) {
    const other = owners.get(hash);
    if (other === undefined) owners.set(hash, name);
    else problems.push({ path: "keys", message: `${other} and ${name} have the same secret` });
  }
  return problems;
}

function nameOf(kind: ResourceKind, input: AnyResource): string {
  return kind === "policy" && input.name === "" ? "default" : input.name;
}

function pathOf(kind: ResourceKind, index: number): string {
  const { field } = resourceKinds[kind];
  return kind === "policy" ? field : `${field}[${index}]`;
}

function inside(path: string, problem: Problem): Problem {
  return { ...problem, path: problem.path === "" ? path : `${path}.${problem.path}` };
}
