import type { CacheMark, NativeMembers } from "../../chat/chat-request.ts";
import { type Json, optional, recordAt, without } from "./checked.ts";

/** `cache_control`, which any block can have. */
export function readCache(block: Json, path: string): { readonly cache?: CacheMark } {
  const mark = optional(block["cache_control"], `${path}.cache_control`, recordAt);
  if (mark?.["type"] !== "ephemeral") return {};
  const { ttl } = mark;
  return { cache: ttl === "5m" || ttl === "1h" ? { ttl } : {} };
}

/**
 * What else a block says, for Anthropic alone: the members that are not `known`, and a cache mark
 * that says more than how long.
 */
export function readMore(block: Json, known: readonly string[]): { readonly more?: NativeMembers } {
  const mark = block["cache_control"];
  const members = without(block, isPlainMark(mark) ? [...known, "cache_control"] : known);
  return Object.keys(members).length === 0 ? {} : { more: { dialect: "anthropic", members } };
}

function isPlainMark(mark: unknown): boolean {
  if (typeof mark !== "object" || mark === null) return true;
  const { type, ttl, ...rest } = { type: undefined, ttl: undefined, ...mark };
  const known = ttl === undefined || ttl === null || ttl === "5m" || ttl === "1h";
  return type === "ephemeral" && known && Object.keys(rest).length === 0;
}
