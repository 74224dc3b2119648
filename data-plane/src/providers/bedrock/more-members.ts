import { isRecord } from "@headgate/core";
import type { ChatRequest } from "../../chat/chat-request.ts";
import { foreignMembers, meaningful } from "../dropped.ts";
import type { Block, Translating } from "./block.ts";

interface MoreMembers {
  readonly members: Block;
  readonly dropped: readonly string[];
}

/**
 * Members of Converse that a client of another dialect may add under `bedrock` (with OpenAI's
 * clients: `extra_body: {bedrock: {guardrailConfig: ...}}`), and OpenAI's service tier.
 * What else the client wrote has no place here.
 */
export function moreMembers(request: ChatRequest, { traits }: Translating): MoreMembers {
  const { extra_body, bedrock, service_tier: tier } = request.more.members;
  const { bedrock: inBody, ...others } = isRecord(extra_body) ? extra_body : {};
  const asked = [bedrock, inBody].find(isRecord) ?? {};
  const added = Object.entries(asked).filter(([name]) => addable.has(name));
  const tiered = tier === "flex" || tier === "priority";
  const takesTier = tiered && ["nova", "gpt", "other"].includes(traits.family);
  return {
    members: { ...(takesTier && { serviceTier: { type: tier } }), ...Object.fromEntries(added) },
    dropped: [...foreignMembers(request, "bedrock", taken), ...meaningful(others)],
  };
}

const taken: ReadonlySet<string> = new Set(["bedrock", "extra_body"]);

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
