import { create } from "@bufbuild/protobuf";
import { resources } from "@headgate/proto";
import { type AdminClient, type ListedResources, listAll } from "@headgate/sdk";
import type { ResourceKind } from "../resource-kinds.ts";

/** Resources by kind. */
export type Found = { [K in ResourceKind]?: ListedResources[K][] };

export async function fetchKinds(
  client: AdminClient,
  kinds: readonly ResourceKind[],
  name: string | undefined,
): Promise<Found> {
  const found: Found = {};
  for (const kind of kinds) await fetchKind(client, { kind, name, found });
  return found;
}

async function fetchKind<K extends ResourceKind>(
  client: AdminClient,
  { kind, name, found }: { readonly kind: K; readonly name: string | undefined; found: Found },
): Promise<void> {
  // Sound because `found[kind]` is a list of exactly this kind.
  found[kind] = (
    name === undefined
      ? await Array.fromAsync(listAll(client, kind))
      : [await fetchOne(client, kind, name)]
  ) as Found[K];
}

export function fetchOne(
  client: AdminClient,
  kind: ResourceKind,
  name: string,
): Promise<ListedResources[ResourceKind]> {
  switch (kind) {
    case "provider":
      return client.getProvider({ name });
    case "model":
      return client.getModel({ name });
    case "team":
      return client.getTeam({ name });
    case "key":
      return client.getKey({ name });
    case "policy":
      return client.getPolicy({ name });
  }
}

export function asSet({ provider, model, team, key, policy }: Found): resources.ResourceSet {
  return create(resources.ResourceSetSchema, {
    providers: provider ?? [],
    models: model ?? [],
    teams: team ?? [],
    keys: key ?? [],
    ...(policy?.[0] && { policy: policy[0] }),
  });
}
