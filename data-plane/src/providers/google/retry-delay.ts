import type { ErrorAnswer } from "../api-error.ts";

/** `RetryInfo.retryDelay`, a duration as protobuf writes it: "48s", "0.5s". */
export function retryDelayMs(
  details: readonly Readonly<Record<string, unknown>>[],
): number | undefined {
  for (const { "@type": type, retryDelay } of details) {
    if (typeof type !== "string" || !type.endsWith("google.rpc.RetryInfo")) continue;
    const seconds =
      typeof retryDelay === "string" ? /^(\d+(?:\.\d+)?)s$/.exec(retryDelay)?.[1] : undefined;
    if (seconds !== undefined) return Math.ceil(Number(seconds) * 1000);
  }
  return undefined;
}

/** `retry-after`, in seconds or as a date by Google's own clock. */
export function headerWaitMs(headers: ErrorAnswer["headers"]): number | undefined {
  const text = one(headers["retry-after"])?.trim();
  if (text === undefined || text === "") return undefined;
  const seconds = Number(text);
  if (Number.isFinite(seconds)) return seconds >= 0 ? Math.ceil(seconds * 1000) : undefined;
  const waits = Date.parse(text) - Date.parse(one(headers["date"]) ?? "");
  return waits >= 0 ? waits : undefined;
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
