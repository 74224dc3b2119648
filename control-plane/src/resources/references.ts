import type { ResourceKind } from "@headgate/config";
import { type AnyResource, resourceId } from "./resource-kind.ts";

export interface ResourceName {
  readonly kind: ResourceKind;
  readonly name: string;
}

/** The kinds whose resources may refer to one of this kind. */
export const referrersOfKind: { readonly [K in ResourceKind]: readonly ResourceKind[] } = {
  provider: ["model"],
  team: ["key"],
  model: [],
  key: [],
  policy: [],
};

/** What a resource needs to exist: a model its providers, a key its team. No repeats. */
export function referencesOf(resource: AnyResource): readonly ResourceName[] {
  switch (resource.$typeName) {
    case "headgate.resources.v1.Model": {
      const providers = new Set(resource.deployments.map((deployment) => deployment.provider));
      return [...providers].map((name) => ({ kind: "provider", name }));
    }
    case "headgate.resources.v1.Key":
      return resource.team === "" ? [] : [{ kind: "team", name: resource.team }];
    default:
      return [];
  }
}

/** What `after` refers to and `before` did not. */
export function addedReferences(
  before: AnyResource | undefined,
  after: AnyResource,
): readonly ResourceName[] {
  const had = new Set((before ? referencesOf(before) : []).map(idOf));
  return referencesOf(after).filter((reference) => !had.has(idOf(reference)));
}

function idOf({ kind, name }: ResourceName): string {
  return resourceId(kind, name);
}
