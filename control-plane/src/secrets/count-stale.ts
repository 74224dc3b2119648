import type { Sealer } from "@headgate/config";
import { resourcesPrefix } from "../resources/resource-codec.ts";
import type { Store } from "../store/store.ts";
import { entriesUnder } from "./entries-under.ts";

/** Where everything is sealed. What other prefixes hold (hashes, guards) is not secret. */
export const sealedPrefixes: readonly string[] = [resourcesPrefix];

/**
 * How many values are not sealed under the current key: what would be lost with the keys before
 * it. Reads them all, a page at a time.
 *
 * @returns What was counted until `signal` aborted.
 */
export async function countStale(
  store: Store,
  sealer: Sealer,
  prefixes: readonly string[] = sealedPrefixes,
  signal?: AbortSignal,
): Promise<number> {
  let stale = 0;
  for await (const page of entriesUnder(store, prefixes)) {
    stale += page.filter(({ value }) => !sealer.isCurrent(value)).length;
    if (signal?.aborted) break;
  }
  return stale;
}
