import type { resources } from "@headgate/proto";
import { didYouMean } from "../did-you-mean.ts";
import type { Problem } from "../problem.ts";
import type { ResourceKind } from "./resource-kinds.ts";

/** A problem of one resource; `path` starts at that resource. */
export interface ReferenceProblem extends Problem {
  readonly kind: ResourceKind;
  readonly name: string;
}

/** Everything there is, by name: the state as it would be after the change. */
export interface ResourceIndex {
  readonly providers: ReadonlyMap<string, resources.Provider>;
  readonly models: ReadonlyMap<string, resources.Model>;
  readonly teams: Names;
  readonly keys: ReadonlyMap<string, resources.Key>;
}

/** A Map or a Set of names. */
export interface Names {
  has(name: string): boolean;
  keys(): Iterable<string>;
}

/**
 * What one resource cannot know of itself: the names it gives exist, and no two credentials share
 * one (limits are kept by credential name). Takes O(everything); for a change to a few models or
 * keys, use the two functions below.
 */
export function checkReferences(index: ResourceIndex): readonly ReferenceProblem[] {
  return [
    ...checkCredentialNames(index.providers.values()),
    ...[...index.models.values()].flatMap((model) => checkModelReferences(model, index.providers)),
    ...[...index.keys.values()].flatMap((key) => checkKeyReferences(key, index.teams)),
  ];
}

/** Whether the providers that a model names exist. */
export function checkModelReferences(
  model: resources.Model,
  providers: Names,
): readonly ReferenceProblem[] {
  return model.deployments.flatMap(({ provider }, index) => {
    if (provider === "" || providers.has(provider)) return [];
    const path = `deployments[${index}].provider`;
    return [
      { kind: "model", name: model.name, path, message: missing("provider", provider, providers) },
    ];
  });
}

/** Whether the team that a key names, if any, exists. */
export function checkKeyReferences(key: resources.Key, teams: Names): readonly ReferenceProblem[] {
  if (key.team === "" || teams.has(key.team)) return [];
  return [{ kind: "key", name: key.name, path: "team", message: missing("team", key.team, teams) }];
}

function checkCredentialNames(
  providers: Iterable<resources.Provider>,
): readonly ReferenceProblem[] {
  const owners = new Map<string, string>();
  const problems: ReferenceProblem[] = [];
  for (const provider of providers) {
    for (const [index, credential] of provider.credentials.entries()) {
      const owner = owners.get(credential.name);
      if (owner === undefined) owners.set(credential.name, provider.name);
      else problems.push(repeatedCredential(provider, index, owner));
    }
  }
  return problems;
}

function repeatedCredential(
  provider: resources.Provider,
  index: number,
  owner: string,
): ReferenceProblem {
  const credential = provider.credentials[index]?.name;
  const message =
    `provider "${owner}" has a credential "${credential}" already: ` +
    "names are unique across providers, since limits are kept by them";
  const path = `credentials[${index}].name`;
  return { kind: "provider", name: provider.name, path, message };
}

/** A mistake may repeat a thousand times, so each one compares and shows only a few names. */
const namesComparedMax = 100;
const namesShownMax = 10;

function missing(what: string, name: string, there: Names): string {
  const names = [...firstOf(there.keys(), namesComparedMax)];
  const shown = names.slice(0, namesShownMax).join(", ");
  const known = names.length === 0 ? "there is none" : `there is ${shown}`;
  const more = names.length > namesShownMax ? ", ..." : "";
  return `there is no ${what} "${name}"${didYouMean(name, names)}: ${known}${more}`;
}

function* firstOf<T>(items: Iterable<T>, count: number): Iterable<T> {
  let left = count;
  for (const item of items) {
    if (left-- <= 0) return;
    yield item;
  }
}
