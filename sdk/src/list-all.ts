import type { Client } from "@connectrpc/connect";
import type { admin, resources } from "@headgate/proto";

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
  /** Resources per call, 1 to 1000. Default: 500. */
  readonly pageSize?: number;
  readonly signal?: AbortSignal;
}

/**
 * All resources of one kind, in the order of their names, fetched page by page as
 * they are consumed. All pages show the store as it was at the first.
 */
export type ListAll = <K extends ListedKind>(
  kind: K,
  options?: ListAllOptions,
) => AsyncIterable<ListedResources[K]>;

export function listAllWith(client: Client<typeof admin.AdminService>): ListAll {
  const pages = pagesBy(client);
  return async function* listAll(kind, options = {}) {
    const pageSize = options.pageSize ?? 500;
    const callOptions = options.signal ? { signal: options.signal } : {};
    let pageToken = "";
    do {
      const page = await pages[kind]({ pageSize, pageToken }, callOptions);
      yield* page.items;
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
  };
}

interface Page<T> {
  readonly items: readonly T[];
  readonly nextPageToken: string;
}

type FetchPage<T> = (
  request: { readonly pageSize: number; readonly pageToken: string },
  options: { readonly signal?: AbortSignal },
) => Promise<Page<T>>;

/** The five listings differ only in the name of the field that holds the items. */
function pagesBy(client: Client<typeof admin.AdminService>): {
  readonly [K in ListedKind]: FetchPage<ListedResources[K]>;
} {
  return {
    provider: async (request, options) => {
      const answer = await client.listProviders(request, options);
      return { items: answer.providers, nextPageToken: answer.nextPageToken };
    },
    model: async (request, options) => {
      const answer = await client.listModels(request, options);
      return { items: answer.models, nextPageToken: answer.nextPageToken };
    },
    team: async (request, options) => {
      const answer = await client.listTeams(request, options);
      return { items: answer.teams, nextPageToken: answer.nextPageToken };
    },
    key: async (request, options) => {
      const answer = await client.listKeys(request, options);
      return { items: answer.keys, nextPageToken: answer.nextPageToken };
    },
    policy: async (request, options) => {
      const answer = await client.listPolicies(request, options);
      return { items: answer.policies, nextPageToken: answer.nextPageToken };
    },
  };
}
