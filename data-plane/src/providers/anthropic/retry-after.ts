import type { ErrorAnswer } from "../api-error.ts";
import { one, retryAfterMs } from "../retry-after.ts";

/**
 * How long Anthropic asks to wait, in milliseconds: `retry-after`, or else (of a 429) when the limits
 * that are used up are whole again, by the provider's own clock.
 * https://platform.claude.com/docs/en/api/rate-limits#response-headers
 */
export function retryAfterAnthropicMs(
  status: number,
  headers: ErrorAnswer["headers"],
): number | undefined {
  const asked = retryAfterMs(headers);
  if (asked !== undefined || status !== 429) return asked;
  const now = Date.parse(one(headers["date"]) ?? "");
  const waits = limits
    .filter((limit) => one(headers[`anthropic-ratelimit-${limit}-remaining`])?.trim() === "0")
    .map((limit) => Date.parse(one(headers[`anthropic-ratelimit-${limit}-reset`]) ?? "") - now)
    .filter((wait) => wait >= 0);
  return waits.length > 0 ? Math.max(...waits) : undefined;
}

const limits = ["requests", "tokens", "input-tokens", "output-tokens"] as const;
