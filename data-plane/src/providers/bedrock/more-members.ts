import { isRecord } from "@headgate/core";
import type { ChatRequest } from "../../chat/chat-request.ts";
import type { Block, Translating } from "./block.ts";

/**
 * Members of Converse that a client of another dialect may add under `bedrock` (with OpenAI's
 * clients: `extra_body: {bedrock: {guardrailConfig: ...}}`), and OpenAI's service tier.
 * What else the client wrote has no place here, and is named as dropped unless it says nothing of
 * the answer.
 */
export function moreMembers({ more }: ChatRequest, { traits, dropped }: Translating): Block {
  const { extra_body, bedrock, service_tier: tier, ...rest } = more.members;
  const { bedrock: inBody, ...others } = isRecord(extra_body) ? extra_body : {};
  for (const [name, value] of Object.entries({ ...rest, ...others })) {
    if (value !== null && value !== undefined && !silent.has(name)) dropped.add(name);
  }
  const asked = [bedrock, inBody].find(isRecord) ?? {};
  const added = Object.entries(asked).filter(([name]) => addable.has(name));
  const tiered = tier === "flex" || tier === "priority";
  const takesTier = tiered && ["nova", "gpt", "other"].includes(traits.family);
  if (tiered && !takesTier) dropped.add("service_tier");
  return { ...(takesTier && { serviceTier: { type: tier } }), ...Object.fromEntries(added) };
}

/** Members of ConverseRequest with no common form. */
const addable: ReadonlySet<string> = new Set([
  "additionalModelRequestFields",
  "additionalModelResponseFieldPaths",
  "guardrailConfig",
  "performanceConfig",
  "promptVariables",
  "requestMetadata",
  "serviceTier",
]);

/** How other vendors keep, bill or cache a request. */
const silent: ReadonlySet<string> = new Set([
  "background",
  "client_metadata",
  "metadata",
  "prompt_cache_key",
  "prompt_cache_options",
  "prompt_cache_retention",
  "safety_identifier",
  "store",
  "stream_options",
]);
