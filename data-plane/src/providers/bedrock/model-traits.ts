import { type ClaudeTraits, claudeTraits } from "../anthropic/claude-traits.ts";

/**
 * What of Converse a model takes. The API is one for all models, but refuses with a
 * ValidationException what the model behind it lacks.
 *
 * https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-supported-models-features.html
 */
export interface ModelTraits {
  readonly family: Family;
  /** Of Claude: what it takes wherever it runs. */
  readonly claude?: ClaudeTraits;
  /** Of Nova: 1, 2; 0 of others. */
  readonly generation: number;
  /** `any`: no single tool can be forced. `auto`: none can. */
  readonly toolChoice: "all" | "any" | "auto";
  /** Takes cachePoint blocks. */
  readonly caches: boolean;
  /** Takes tool calls or results beside other content in one turn. */
  readonly mixesTools: boolean;
  /** Keeps to a JSON schema by itself, in its answer (outputConfig) and its calls (strict). */
  readonly keepsSchemas: boolean;
  /** The last turn may be the beginning of the answer. */
  readonly prefill: boolean;
}

export type Family = "claude" | "nova" | "gpt" | "llama" | "mistral" | "cohere" | "other";

/**
 * @param model a model's id, an inference profile's (`us.anthropic...`), or an ARN of either. The
 * ARN of an application's own profile says nothing of its model: it is trusted with what Converse
 * has for all, and given nothing made for one family.
 */
export function modelTraits(model: string): ModelTraits {
  const id = model.toLowerCase();
  const family = familyOf(id);
  const claude = family === "claude" ? claudeTraits(id) : undefined;
  return {
    family,
    ...(claude && { claude }),
    generation: family === "nova" ? Number(/nova-(\d)-/.exec(id)?.[1] ?? 1) : 0,
    toolChoice: toolChoiceOf(family, claude, id),
    caches: family === "nova" || (claude && !cacheless.test(id)) || opaque.test(id),
    // https://github.com/langchain-ai/langchain-aws/issues/141, strands-agents/harness-sdk#1223
    mixesTools: !["llama", "mistral", "cohere"].includes(family),
    keepsSchemas: claude?.structuredOutputs ?? schemaKeepers.test(id),
    prefill: claude?.prefill ?? family === "nova",
  };
}

function familyOf(id: string): Family {
  if (id.includes("anthropic.") || id.includes("claude")) return "claude";
  if (id.includes("amazon.nova")) return "nova";
  if (id.includes("openai.")) return "gpt";
  if (id.includes("meta.")) return "llama";
  if (id.includes("mistral.")) return "mistral";
  return id.includes("cohere.") ? "cohere" : "other";
}

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolChoice.html */
function toolChoiceOf(
  family: Family,
  claude: ClaudeTraits | undefined,
  id: string,
): ModelTraits["toolChoice"] {
  if (claude) return claude.forcedTools ? "all" : "auto";
  if (family === "mistral") return "any";
  return family === "llama" || family === "cohere" || /ai21\.|titan/.test(id) ? "auto" : "all";
}

/** Claude before 3.5. */
const cacheless = /claude-(?:v?[12]|instant|3-(?:opus|sonnet|haiku))/;

/** An application's own inference profile, a provisioned model, a router. */
const opaque = /:(?:application-inference-profile|provisioned-model|(?:default-)?prompt-router)\//;

/** https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html */
const schemaKeepers =
  /openai\.|qwen\.|deepseek\.v3|google\.gemma|nvidia\.|minimax\.|moonshot|ministral|magistral|voxtral|mistral-large-3/;
