import type { resources } from "@headgate/proto";
import { formatPath, type Path } from "../problem.ts";
import { offsetAt, type PlacedValue, valueAt } from "../yaml/placed.ts";
import type { ProblemList } from "../yaml/problem-list.ts";
import { checkReferences, type ReferenceProblem } from "./check-references.ts";
import { issuesOf } from "./check-resource.ts";
import type { LoadResourceSetOptions } from "./load-resource-set.ts";
import { missingApiKey } from "./missing-secrets.ts";
import { vendorHost } from "./provider-defaults.ts";
import { readSecretFiles } from "./read-secret-files.ts";
import {
  type ResourceKind,
  resourceKindNames,
  resourceKinds,
  resourcesOfKind,
} from "./resource-kinds.ts";
import { hasSecret, unsetSecrets, unsetVariable } from "./unset-secrets.ts";

export interface PlacedSet {
  readonly set: resources.ResourceSet;
  /** What the set was read from; indexes are the same. */
  readonly root: PlacedValue;
  readonly problems: ProblemList;
  readonly options: LoadResourceSetOptions;
}

/** The meaning of a set read from a file, with a place for every problem. Reads the files it names. */
export function checkPlacedSet(placed: PlacedSet): void {
  readSecretFiles(placed.set, {
    ...placed.options,
    report: (path, message) => report(placed, path, message),
  });
  for (const kind of resourceKindNames) {
    for (const [index, resource] of resourcesOfKind(placed.set, kind).entries()) {
      for (const { path, message } of issuesOf(kind, resource)) {
        const fullPath = [...pathTo(kind, index), ...path];
        if (!goesAnyway(placed, fullPath)) report(placed, fullPath, message);
      }
    }
    checkNames(placed, kind);
  }
  checkSecrets(placed);
  checkApiKeys(placed);
  checkPlacedReferences(placed);
}

/** Unless something there, or around it, is known to be wrong. */
export function report({ problems, root }: PlacedSet, path: Path, message: string): void {
  const written = asWritten(path, root);
  const text = formatPath(written);
  if (problems.covers(text)) return;
  // What cannot be read as a source is no secret either, which is no news.
  if (written !== path && problems.touches(text)) return;
  problems.add(offsetAt(root, written), text, message);
}

/** What is wrong with a secret is told where the file says from where to take it. */
function asWritten(path: Path, root: PlacedValue): Path {
  const source = [...path.slice(0, -1), `${path.at(-1)}_from`];
  return !valueAt(root, path) && valueAt(root, source) ? source : path;
}

function pathTo(kind: ResourceKind, index: number): Path {
  const { field } = resourceKinds[kind];
  return kind === "policy" ? [field] : [field, index];
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
      if (placed.options.references === "server") continue; // It may have one there.
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
  if (placed.options.references === "server") return; // They may have one there.
  for (const [index, provider] of placed.set.providers.entries()) {
    const host = vendorHost(provider);
    if (host === undefined) continue;
    const path = ["providers", index];
    const unset = unsetSecrets(provider, path, placed.root);
    // A file that could not be read is a problem already.
    if (valueAt(placed.root, [...path, "service_account_file"])) continue;
    for (const [position, credential] of provider.credentials.entries()) {
      if (hasSecret(credential) || unset.credentials[position]?.length !== 0) continue;
      const credentialPath = [...path, "credentials", position];
      if (triesSecret(placed.root, credentialPath)) continue;
      report(placed, [...credentialPath, "api_key"], missingApiKey(host));
    }
  }
}

/** What is wrong with it has been said. */
function triesSecret(root: PlacedValue, path: Path): boolean {
  const fields = ["api_key_file", "access_key_id", "secret_access_key", "secret_access_key_from"];
  return fields.some((field) => valueAt(root, [...path, field]) !== undefined);
}

/** A provider that goes for want of a secret (see leaveOutUnset()) may lack more that is not set. */
function goesAnyway({ set, root }: PlacedSet, path: Path): boolean {
  const [field, index, ...rest] = path;
  const provider = field === "providers" ? set.providers[Number(index)] : undefined;
  if (!provider) return false;
  const unset = unsetSecrets(provider, path.slice(0, 2), root);
  const position = rest[0] === "credentials" ? Number(rest[1]) : Number.NaN;
  const goes = unset.provider.length > 0 || (unset.credentials[position]?.length ?? 0) > 0;
  const isAllCredentials = rest.length === 1 && rest[0] === "credentials";
  return goes && (isAllCredentials || unsetVariable(root, path).length > 0);
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
