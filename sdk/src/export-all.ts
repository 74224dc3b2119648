import { create } from "@bufbuild/protobuf";
import { resources } from "@headgate/proto";
import type { AdminClient } from "./admin-client.ts";
import { type ListedKind, type ListedResources, listAll, pageFetchers } from "./list-all.ts";

/**
 * All resources as of one revision of the store: applied again (Apply with prune), they change nothing.
 * Secrets are not in it; keys have their hash.
 */
export async function exportAll(
  client: AdminClient,
  options: { readonly signal?: AbortSignal } = {},
): Promise<resources.ResourceSet> {
  const first = { filter: "", revision: 0n, pageSize: 1, pageToken: "" };
  const { revision } = await pageFetchers.policy(client, first, options);
  const all = async <K extends ListedKind>(kind: K): Promise<ListedResources[K][]> => {
    const items: ListedResources[K][] = [];
    for await (const item of listAll(client, kind, { ...options, revision })) items.push(item);
    return items;
  };
  const [policy] = await all("policy");
  return create(resources.ResourceSetSchema, {
    providers: await all("provider"),
    models: await all("model"),
    teams: await all("team"),
    keys: await all("key"),
    ...(policy && { policy }),
  });
}
