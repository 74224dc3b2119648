import { storeLimits } from "../store.ts";

/** Entries of the first page, whose sizes are not known yet. */
export const firstPageLimit = 256;
/** What a page should weigh: a moment on a slow line, far below what one message may. */
const pageBytes = 1024 * 1024;

/** How many entries to ask for next, from the sizes of the last page: about `pageBytes` of them. */
export function nextPageLimit(entries: readonly { readonly value: Uint8Array }[]): number {
  const bytes = entries.reduce((sum, { value }) => sum + value.byteLength, 0);
  // Keys and numbers weigh too: an entry counts as 128 bytes at least.
  const each = Math.max(128, bytes / Math.max(1, entries.length));
  return clamp(Math.floor(pageBytes / each));
}

/** How many to ask for when a page of `limit` was more than one message may weigh. */
export function smallerPageLimit(limit: number): number {
  return clamp(Math.floor(limit / 8));
}

function clamp(limit: number): number {
  return Math.min(storeLimits.listEntriesMax, Math.max(1, limit));
}
