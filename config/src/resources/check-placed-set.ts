import type { resources } from "@headgate/proto";
import { formatPath, type Path } from "../problem.ts";
import { offsetAt, type PlacedValue, valueAt } from "../yaml/placed.ts";
import type { ProblemList } from "../yaml/problem-list.ts";
import { checkReferences, type ReferenceProblem } from "./check-references.ts";
import { issuesOf } from "./check-resource.ts";
import type { LoadResourceSetOptions } from "./load-resource-set.ts";
import { providerDefaults } from "./provider-defaults.ts";
import {
  type ResourceKind,
  resourceKindNames,
  resourceKinds,
  resourcesOfKind,
} from "./resource-kinds.ts";
import { readSecretFile } from "./secret-file.ts";

export interface PlacedSet {
  readonly set: resources.ResourceSet;
  /** What the set was read from; indexes are the same. */
  readonly root: PlacedValue;
  readonly problems: ProblemList;
  readonly options: LoadResourceSetOptions;
}

/** The meaning of a set read from a file, with a place for every problem. Reads `api_key_file`s. */
export function checkPlacedSet(placed: PlacedSet): void {
  readSecretFiles(placed);
  for (const kind of resourceKindNames) {
    for (const [index, resource] of resourcesOfKind(placed.set, kind).entries()) {
      for (const { path, message } of issuesOf(kind, resource)) {
        report(placed, [...pathTo(kind, index), ...path], message);
      }
    }
    checkNames(placed, kind);
  }
  checkSecrets(placed);
  checkApiKeys(placed);
  checkPlacedReferences(placed);
}

/** Unless something there, or around it, is known to be wrong. */
function report(placed: PlacedSet, path: Path, message: string): void {
  const text = formatPath(path);
  if (placed.problems.covers(text)) return;
  placed.problems.add(offsetAt(placed.root, path), text, message);
}

function pathTo(kind: ResourceKind, index: number): Path {
  const { field } = resourceKinds[kind];
  return kind === "policy" ? [field] : [field, index];
}

function readSecretFiles(placed: PlacedSet): void {
  for (const [index, provider] of placed.set.providers.entries()) {
    for (const [position, credential] of provider.credentials.entries()) {
      const path = ["providers", index, "credentials", position, "api_key_file"];
      if (credential.apiKeyFile === "") continue;
      if (credential.apiKey !== "")
        report(placed, path, "give either api_key or api_key_file, not both");
      const result = readSecretFile(credential.apiKeyFile, placed.options);
      if (result.ok) credential.apiKey = result.secret;
      else report(placed, path, result.message);
      credential.apiKeyFile = "";
    }
  }
}

function checkNames(placed: PlacedSet, kind: ResourceKind): void {
  const first = new Map<string, Path>();
  for (const [index, { name }] of resourcesOfKind(placed.set, kind).entries()) {
    const path = [...pathTo(kind, index), "name"];
    const other = first.get(name);
    if (other === undefined) first.set(name, path);
    else if (name !== "") {
      report(placed, path, `there is a ${kind} "${name}" already, at ${formatPath(other)}`);
    }
  }
}

/** Every key needs a secret, and a secret of its own: it is how a caller is known. */
function checkSecrets(placed: PlacedSet): void {
  const owners = new Map<string, string>();
  for (const [index, key] of placed.set.keys.entries()) {
    const field = key.secret === "" ? "secret_hash" : "secret";
    const secret = key.secret || key.secretHash;
    const owner = owners.get(secret);
    if (secret === "") {
      const choice = "give a secret of at least 16 characters, or a secret_hash";
      report(placed, ["keys", index, "secret"], `is missing: ${choice}`);
    } else if (owner !== undefined) {
      report(placed, ["keys", index, field], `is the same as that of key "${owner}"`);
    } else {
      owners.set(secret, key.name);
    }
  }
}

/** The public services take no call without a key. */
function checkApiKeys(placed: PlacedSet): void {
  for (const [index, provider] of placed.set.providers.entries()) {
    const host = publicHost(provider);
    if (host === undefined) continue;
    for (const [position, credential] of provider.credentials.entries()) {
      const path = ["providers", index, "credentials", position, "api_key"];
      const file = [...path.slice(0, -1), "api_key_file"];
      if (credential.apiKey !== "" || isLeftOut(placed.root, path)) continue;
      if (valueAt(placed.root, file)) continue;
      report(placed, path, `is missing: ${host} answers no call without one`);
    }
  }
}

function publicHost(provider: resources.Provider): string | undefined {
  const standard = providerDefaults.get(provider.type)?.baseUrl;
  const isPublic = standard?.startsWith("https:") && (provider.baseUrl || standard) === standard;
  return isPublic ? new URL(standard).host : undefined;
}

/** Empty by an explicit empty default: the credential goes, see leaveOutUnset(). */
function isLeftOut(root: PlacedValue, path: Path): boolean {
  const value = valueAt(root, path);
  return value?.kind === "scalar" && value.emptyVariable !== undefined;
}

function checkPlacedReferences(placed: PlacedSet): void {
  const problems = Object.groupBy(referenceProblems(placed), ({ kind }) => kind);
  for (const kind of resourceKindNames) {
    const indexes = indexByName(resourcesOfKind(placed.set, kind));
    for (const { name, path, message } of problems[kind] ?? []) {
      report(placed, [...pathTo(kind, indexes.get(name) ?? 0), ...parsePath(path)], message);
    }
  }
}

function referenceProblems({ set, options }: PlacedSet): readonly ReferenceProblem[] {
  const problems = checkReferences({
    providers: byName(set.providers),
    models: byName(set.models),
    teams: byName(set.teams),
    keys: byName(set.keys),
  });
  // The names of credentials are within the file either way.
  return options.references === "server"
    ? problems.filter((problem) => problem.kind === "provider")
    : problems;
}

/** The first of a name is meant; that it is not the only one is a problem of its own. */
function indexByName(list: readonly { readonly name: string }[]): ReadonlyMap<string, number> {
  return new Map(list.map(({ name }, index) => [name, index] as const).toReversed());
}

function byName<T extends { readonly name: string }>(list: readonly T[]): ReadonlyMap<string, T> {
  return new Map(list.map((item) => [item.name, item]));
}

/** The inverse of formatPath(), for paths made of field names and indexes. */
function parsePath(text: string): Path {
  return [...text.matchAll(/\[(\d+)\]|[^.[\]]+/g)].map(([part, index]) =>
    index === undefined ? part : Number(index),
  );
}
