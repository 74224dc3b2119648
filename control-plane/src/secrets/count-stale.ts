import type { Sealer } from "@headgate/config";
import { auditPrefix } from "../audit/audit-key.ts";
import { tokensPrefix } from "../auth/stored-token.ts";
import { identityPrefix, joinTokenRecords, nodeRecords } from "../identity/identity-records.ts";
import { resourcesPrefix } from "../resources/resource-codec.ts";
import type { Store } from "../store/store.ts";
import { entriesUnder } from "./entries-under.ts";

/** Where everything is sealed. What other prefixes hold (hashes, guards) is not secret. */
export const sealedPrefixes: readonly string[] = [
  resourcesPrefix,
  tokensPrefix,
  identityPrefix,
  nodeRecords.prefix,
  joinTokenRecords.prefix,
  auditPrefix,
];

export interface SealedCount {
  readonly values: number;
  /** Of them, not sealed under the current key: what would be lost with the keys before it. */
  readonly stale: number;
}

/**
 * What is sealed, and how much of it under other keys. Reads it all, a page at a time.
 *
 * @returns What was counted until `signal` aborted.
 */
export async function countSealed(
  store: Store,
  sealer: Sealer,
  prefixes: readonly string[] = sealedPrefixes,
  signal?: AbortSignal,
): Promise<SealedCount> {
  const count = { values: 0, stale: 0 };
  for await (const page of entriesUnder(store, prefixes)) {
    count.values += page.length;
    count.stale += page.filter(({ value }) => !sealer.isCurrent(value)).length;
    if (signal?.aborted) break;
  }
  return count;
}

export async function countStale(...sealed: Parameters<typeof countSealed>): Promise<number> {
  return (await countSealed(...sealed)).stale;
}
