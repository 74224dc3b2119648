import type { resources } from "@headgate/proto";
import type { AdminClient } from "./admin-client.ts";

/** What each kind's listing yields. */
export interface ListedResources {
  readonly provider: resources.Provider;
  readonly model: resources.Model;
  readonly team: resources.Team;
  readonly key: resources.Key;
  readonly policy: resources.Policy;
}

export type ListedKind = keyof ListedResources;

export interface ListAllOptions {
  /** As in admin.proto: `team = "research" AND NOT revoked`. */
  readonly filter?: string;
  /** The store as it was then. Default: now. */
  readonly revision?: bigint;
  /** Resources per call, 1 to 1000. Default: 500. */
  readonly pageSize?: number;
  readonly signal?: AbortSignal;
}

/**
 * All resources of one kind, in the order of their names, fetched page by page as
 * they are consumed. All pages show the store as it was at the first.
 */
export async function* listAll<K extends ListedKind>(
  client: AdminClient,
  kind: K,
  options: ListAllOptions = {},
): AsyncGenerator<ListedResources[K], void, undefined> {
  const { filter = "", revision = 0n, pageSize = 500 } = options;
  const callOptions = options.signal ? { signal: options.signal } : {};
  const fetchPage = pageFetchers[kind];
  let pageToken = "";
  do {
    const request = { filter, revision, pageSize, pageToken };
    const page = await fetchPage(client, request, callOptions);
    yield* page.items;
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextPageToken: string;
  /** Of the store, as read. */
  readonly revision: bigint;
}

type FetchPage<T> = (
  client: AdminClient,
  request: {
    readonly filter: string;
    readonly revision: bigint;
    readonly pageSize: number;
    readonly pageToken: string;
  },
  options: { readonly signal?: AbortSignal },
) => Promise<Page<T>>;

/** The five listings differ only in the name of the field that holds the items. */
export const pageFetchers: { readonly [K in ListedKind]: FetchPage<ListedResources[K]> } = {
  provider: async (client, request, options) => {
    const { providers, ...page } = await client.listProviders(request, options);
    return { ...page, items: providers };
  },
  model: async (client, request, options) => {
    const { models, ...page } = await client.listModels(request, options);
    return { ...page, items: models };
  },
  team: async (client, request, options) => {
    const { teams, ...page } = await client.listTeams(request, options);
    return { ...page, items: teams };
  },
  key: async (client, request, options) => {
    const { keys, ...page } = await client.listKeys(request, options);
    return { ...page, items: keys };
  },
  policy: async (client, request, options) => {
    const { policies, ...page } = await client.listPolicies(request, options);
    return { ...page, items: policies };
  },
};
