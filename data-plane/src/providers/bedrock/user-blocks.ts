import { isRecord } from "@headgate/core";
import type { CacheMark, OpaquePart, UserPart } from "../../chat/chat-request.ts";
import type { Block, Translating } from "./block.ts";
import { mediaBlock } from "./media-block.ts";
import type { ModelTraits } from "./model-traits.ts";

/** Blocks for what a user says, each followed by its cache mark. */
export function userBlocks(parts: readonly UserPart[], translating: Translating): readonly Block[] {
  return parts.flatMap((part) => {
    const cache = "cache" in part ? part.cache : undefined;
    return [...userBlock(part, translating), ...cachePoint(cache, translating)];
  });
}

function userBlock(part: UserPart, translating: Translating): readonly Block[] {
  switch (part.type) {
    case "text":
      return textBlock(part.text);
    case "opaque":
      return opaqueBlocks(part, translating.traits);
    default:
      return [mediaBlock(part, translating)];
  }
}

/** Blank text is refused by the API. */
export function textBlock(text: string): readonly Block[] {
  return text.trim() === "" ? [] : [{ text }];
}

/** https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html */
export function cachePoint(
  cache: CacheMark | undefined,
  { traits }: Translating,
): readonly Block[] {
  if (!cache || !traits.caches) return [];
  // The vendor's own time is five minutes; Claude takes another since 4.5.
  const hour = cache.ttl === "1h" && traits.claude?.structuredOutputs === true;
  return [{ cachePoint: { type: "default", ...(hour && { ttl: "1h" }) } }];
}

/** Bedrock's own blocks go as they are; of Anthropic's, what Converse has too. */
export function opaqueBlocks(
  { dialect, value }: OpaquePart,
  traits: ModelTraits,
): readonly Block[] {
  if (dialect === "bedrock" && isRecord(value)) return [value];
  return dialect === "anthropic" && traits.claude ? searchResult(value) : [];
}

function searchResult(value: unknown): readonly Block[] {
  if (!isRecord(value) || value["type"] !== "search_result") return [];
  const { source, title, citations } = value;
  const content = Array.isArray(value["content"]) ? value["content"] : [];
  const texts = content.filter(isRecord).flatMap(({ text }) => (text ? [{ text }] : []));
  return [{ searchResult: { source, title, content: texts, ...(citations ? { citations } : {}) } }];
}
