import type { ErrorAnswer } from "./api-error.ts";

/**
 * How long a provider asks to wait, in milliseconds. `retry-after-ms` (OpenAI, Azure) is preferred,
 * as the SDKs do; undefined for what is empty, negative or without end.
 */
export function retryAfterMs(headers: ErrorAnswer["headers"]): number | undefined {
  const milliseconds =
    waitOf(one(headers["retry-after-ms"])) ?? waitOf(one(headers["x-ms-retry-after-ms"]));
  if (milliseconds !== undefined) return milliseconds;
  const text = one(headers["retry-after"]);
  const seconds = waitOf(text);
  if (seconds !== undefined) return seconds * 1000;
  // An HTTP date (RFC 9110, 10.2.3) counts from the provider's own clock.
  const waits = Date.parse(text ?? "") - Date.parse(one(headers["date"]) ?? "");
  return waits >= 0 ? waits : undefined;
}

function waitOf(text: string | undefined): number | undefined {
  const wait = text?.trim() ? Number(text) : Number.NaN;
  return wait >= 0 && wait < Number.POSITIVE_INFINITY ? wait : undefined;
}

/** Sent twice, a header comes as a list. */
export function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
