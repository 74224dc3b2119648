import { isRecord } from "@headgate/core";
import type { CacheMark } from "../../chat/chat-request.ts";

/**
 * `cache_control`, Anthropic's word that many gateways accept on content parts and tools.
 * https://openrouter.ai/docs/features/prompt-caching
 */
export function readCacheMark(holder: Readonly<Record<string, unknown>>): { cache?: CacheMark } {
  const mark = holder["cache_control"];
  if (!isRecord(mark)) return {};
  const { ttl } = mark;
  return { cache: ttl === "5m" || ttl === "1h" ? { ttl } : {} };
}
