import type { ResourceKind, ResourceMessages } from "@headgate/config";
import { kindPrefix, type ResourceCodec, resourceKey } from "../resources/resource-codec.ts";
import { CompactedError, type Entry, type Store } from "../store/store.ts";
import { invalidArgument, outOfRange } from "./admin-errors.ts";
import type { Caller } from "./caller.ts";
import { pageSizeOf } from "./page-size.ts";
import { decodePageToken, encodePageToken, type PageScope } from "./page-token.ts";
import { resourceFilter } from "./resource-filter.ts";
import { mayRead, readsAll } from "./row-access.ts";
import { withoutSecrets } from "./without-secrets.ts";

export interface ListInput {
  /** 0: the usual. */
  readonly pageSize: number;
  readonly pageToken: string;
  readonly filter: string;
  /** 0: now, or that of the page before. */
  readonly revision: bigint;
}

export interface Page<K extends ResourceKind> {
  readonly items: ResourceMessages[K][];
  readonly nextPageToken: string;
  readonly revision: bigint;
}

/** Entries that one call looks at. A filter that few match gives short pages, even empty ones. */
export const scanMax = 10_000;
const scanChunk = 1_000;

/** Listings of resources: filtered, in pages that all show one revision of the store. */
export class ResourceListing {
  readonly #store: Store;
  readonly #codec: ResourceCodec;

  constructor({ store, codec }: { readonly store: Store; readonly codec: ResourceCodec }) {
    this.#store = store;
    this.#codec = codec;
  }

  async list<K extends ResourceKind>(
    { principal }: Caller,
    kind: K,
    input: ListInput,
  ): Promise<Page<K>> {
    const pageSize = pageSizeOf(input.pageSize);
    const filter = resourceFilter(kind, input.filter);
    const scope: PageScope = { of: kind, by: input.filter };
    const start = startOf(kind, scope, input);
    const items: ResourceMessages[K][] = [];
    const scan = { more: false, after: "", revision: 0 };
    // Where every entry counts, none is read in vain.
    const limit = input.filter === "" && readsAll(principal) ? pageSize : scanChunk;
    for await (const { entry, more, revision } of this.#scan(kind, { ...start, limit })) {
      scan.revision = revision;
      if (!entry) break;
      const { resource } = this.#codec.decode(kind, entry);
      if (mayRead(principal, kind, resource) && filter(resource)) {
        items.push(withoutSecrets(kind, resource));
      }
      scan.after = entry.key.slice(kindPrefix(kind).length);
      scan.more = more;
      if (items.length === pageSize) break;
    }
    const { revision, after } = scan;
    const nextPageToken = scan.more ? encodePageToken(scope, { revision, after }) : "";
    return { items, nextPageToken, revision: BigInt(revision) };
  }

  /** Entry by entry, at most `scanMax`; `more` says whether one follows. One without entry: none. */
  async *#scan(
    kind: ResourceKind,
    start: { readonly limit: number; readonly revision?: number; readonly after?: string },
  ): AsyncGenerator<{ readonly entry?: Entry; readonly more: boolean; readonly revision: number }> {
    let from = start;
    for (let seen = 0; seen < scanMax; ) {
      const page = await this.#page(kind, from);
      const { revision, value } = page;
      if (value.length === 0) return yield { more: false, revision };
      for (const [index, entry] of value.entries()) {
        yield { entry, more: page.more || index < value.length - 1, revision };
      }
      seen += value.length;
      const after = value.at(-1)?.key;
      if (!page.more || after === undefined) return;
      from = { ...start, revision, after };
    }
  }

  async #page(
    kind: ResourceKind,
    options: { readonly limit: number; readonly revision?: number; readonly after?: string },
  ) {
    try {
      return await this.#store.list(kindPrefix(kind), options);
    } catch (error) {
      if (error instanceof CompactedError) throw expired(options);
      if (error instanceof RangeError) {
        throw invalidArgument(`revision ${options.revision} is in the future: list again without`);
      }
      throw error;
    }
  }
}

function startOf(
  kind: ResourceKind,
  scope: PageScope,
  { pageToken, revision }: ListInput,
): { readonly revision?: number; readonly after?: string } {
  if (revision > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw invalidArgument(`revision ${revision} is in the future: list again without`);
  }
  if (pageToken === "") return revision === 0n ? {} : { revision: Number(revision) };
  const position = decodePageToken(scope, pageToken);
  if (!position) {
    throw invalidArgument(
      `page_token is not one of this listing of ${kind}s, with this filter: list again`,
    );
  }
  if (revision !== 0n && revision !== BigInt(position.revision)) {
    throw invalidArgument(
      `page_token shows revision ${position.revision}, not ${revision}: leave revision out`,
    );
  }
  return { revision: position.revision, after: resourceKey(kind, position.after) };
}

function expired({ after, revision }: { readonly after?: string; readonly revision?: number }) {
  return after === undefined
    ? outOfRange(`revision ${revision} is no longer kept: list again without`)
    : invalidArgument("page_token has expired: list again from the start");
}
