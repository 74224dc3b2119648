import { resources } from "@headgate/proto";

/** The message of each kind of resource. */
export interface ResourceMessages {
  readonly provider: resources.Provider;
  readonly model: resources.Model;
  readonly team: resources.Team;
  readonly key: resources.Key;
  readonly policy: resources.Policy;
}

export type ResourceKind = keyof ResourceMessages;

/**
 * Every kind: its message, and the field of ResourceSet that holds it. In the order of
 * reference: what comes later may name what comes earlier.
 */
export const resourceKinds = {
  provider: { kind: "provider", schema: resources.ProviderSchema, field: "providers" },
  model: { kind: "model", schema: resources.ModelSchema, field: "models" },
  team: { kind: "team", schema: resources.TeamSchema, field: "teams" },
  key: { kind: "key", schema: resources.KeySchema, field: "keys" },
  policy: { kind: "policy", schema: resources.PolicySchema, field: "policy" },
} as const;

export type ResourceKindEntry = (typeof resourceKinds)[ResourceKind];

export const resourceKindNames: readonly ResourceKind[] = [
  "provider",
  "model",
  "team",
  "key",
  "policy",
];

/** The resources of one kind in a set, as a list (there is at most one policy). */
export function resourcesOfKind<K extends ResourceKind>(
  set: resources.ResourceSet,
  kind: K,
): readonly ResourceMessages[K][] {
  const found = set[resourceKinds[kind].field];
  const list = Array.isArray(found) ? found : found === undefined ? [] : [found];
  // Sound because the table pairs each kind with the field of its own message.
  return list as unknown as readonly ResourceMessages[K][];
}
