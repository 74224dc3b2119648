import type { Entry, Store } from "../store/store.ts";

/** Few enough for one answer of etcd, whatever they hold. */
const pageEntries = 100;

/**
 * Everything below the prefixes, a page at a time. Not one revision: a long walk would be
 * compacted away beneath it. What is written meanwhile may be met or not.
 */
export async function* entriesUnder(
  store: Store,
  prefixes: readonly string[],
): AsyncGenerator<readonly Entry[], void> {
  for (const prefix of prefixes) {
    let after: string | undefined;
    for (;;) {
      const from = after === undefined ? {} : { after };
      const page = await store.list(prefix, { limit: pageEntries, ...from });
      yield page.value;
      after = page.value.at(-1)?.key;
      if (!page.more || after === undefined) break;
    }
  }
}
