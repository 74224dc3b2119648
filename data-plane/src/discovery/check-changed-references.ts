import {
  checkKeyReferences,
  checkModelReferences,
  checkReferences,
  formatProblem,
  type ReferenceProblem,
  type ResourceIndex,
} from "@headgate/config";
import type { discovery, resources } from "@headgate/proto";
import type { Changes } from "./changes.ts";
import { type Rejection, rejectionsMax } from "./rejection.ts";
import { identify, resourceKey, type Snapshot } from "./snapshot.ts";

/**
 * What checkReferences() says of a snapshot, given that the one before the changes was good.
 *
 * Only changed models and keys can name what is not there, unless providers or teams were
 * removed, which is rare: then all that may name those are looked at.
 */
export function checkChangedReferences(next: Snapshot, changes: Changes): readonly Rejection[] {
  const rejected: Rejection[] = [];
  for (const problem of problemsAfter(next, changes)) {
    const { kind, name } = problem;
    rejected.push({ kind, name, message: formatProblem(problem) });
    if (rejected.length >= rejectionsMax) break;
  }
  return rejected;
}

function* problemsAfter(next: Snapshot, changes: Changes): Generator<ReferenceProblem> {
  const changed = new Set<string>();
  const removed = new Set<string>();
  for (const { identity, resource } of changes.values()) {
    (resource ? changed : removed).add(identity.kind);
  }
  if (changed.has("provider")) yield* checkProviders(next);

  const lookAtAll = removed.has("provider") || removed.has("team");
  const providers = namesOf(next, "provider");
  const teams = namesOf(next, "team");
  for (const { resource } of lookAtAll ? next.resources.values() : upsertsOf(changes)) {
    if (resource.case === "model") yield* checkModelReferences(resource.value, providers);
    if (resource.case === "key") yield* checkKeyReferences(resource.value, teams);
  }
}

/** What providers may not have in common with each other. */
function checkProviders(next: Snapshot): readonly ReferenceProblem[] {
  const providers = new Map<string, resources.Provider>();
  for (const { resource } of next.resources.values()) {
    if (resource.case === "provider") providers.set(resource.value.name, resource.value);
  }
  return checkReferences({ providers, models: new Map(), teams: new Set(), keys: new Map() });
}

/** The names of one kind, without making a set of them for every delta. */
function namesOf({ resources: all }: Snapshot, kind: "provider" | "team"): ResourceIndex["teams"] {
  return {
    has: (name) => all.has(resourceKey(kind, name)),
    *keys() {
      for (const resource of all.values()) {
        const identity = identify(resource);
        if (identity?.kind === kind) yield identity.name;
      }
    },
  };
}

function* upsertsOf(changes: Changes): Generator<discovery.Resource> {
  for (const { resource } of changes.values()) if (resource) yield resource;
}
