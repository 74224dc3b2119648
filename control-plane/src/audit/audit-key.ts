/**
 * Where audit entries are: `/audit/<time, upside down>-<8 hex digits>`, so that the order of keys
 * is newest first, and a page of the newest costs no more than a page.
 */
export const auditPrefix = "/audit/";

/** Wall-clock milliseconds have 13 digits until the year 2286. */
const timeDigits = 13;
const timeMaxMs = 10 ** timeDigits - 1;

/** `random`: uniform in [0, 1). Tells apart what happens in one millisecond. */
export function auditKey(timeMs: number, random: number): string {
  const suffix = Math.floor(random * 2 ** 32).toString(16);
  return `${auditPrefix}${upsideDown(timeMs)}-${suffix.padStart(8, "0")}`;
}

/** On the wall clock; undefined for keys that are not an entry's. */
export function auditEntryTimeMs(key: string): number | undefined {
  const match = /^\/audit\/(\d{13})-[0-9a-f]{8}$/.exec(key);
  return match ? timeMaxMs - Number(match[1]) : undefined;
}

/** List behind this key for entries that are older than `timeMs`. */
export function auditKeyBefore(timeMs: number): string {
  return `${auditPrefix}${upsideDown(timeMs)}-~`;
}

export function auditIdOf(key: string): string {
  return key.slice(auditPrefix.length);
}

function upsideDown(timeMs: number): string {
  const bounded = Math.min(Math.max(Math.floor(timeMs), 0), timeMaxMs);
  return String(timeMaxMs - bounded).padStart(timeDigits, "0");
}
