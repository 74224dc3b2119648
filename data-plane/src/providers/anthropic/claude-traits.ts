/**
 * What a Claude model can, by its name alone: each generation refuses some parameters of the one
 * before it with a 400.
 *
 * https://platform.claude.com/docs/en/models/overview
 * https://platform.claude.com/docs/en/build-with-claude/thinking
 * https://platform.claude.com/docs/en/build-with-claude/effort
 */
export interface ClaudeTraits {
  /** The default of `max_tokens`. */
  readonly maxOutputTokens: number;
  /** How thoughts are asked for: by a budget, left to the model, either, or not at all. */
  readonly thinking: "none" | "manual" | "either" | "adaptive";
  /** How they are turned off. */
  readonly thinkingOff: "omit" | "disabled" | "between_tools" | "never";
  /** It thinks unless told not to. */
  readonly thinksByDefault: boolean;
  /** Values of `output_config.effort`, weakest first. */
  readonly efforts: readonly string[];
  /** `output_config.format` and strict tools. */
  readonly structuredOutputs: boolean;
  /** Temperature, top_p and top_k other than the default. */
  readonly sampling: "any" | "temperature_or_top_p" | "none";
  /** The last message may be the beginning of the answer. */
  readonly prefill: boolean;
  /** A tool call can be demanded. */
  readonly forcedTools: boolean;
  /** `system` is a role within the conversation, too. */
  readonly systemTurns: boolean;
}

export function claudeTraits(model: string): ClaudeTraits {
  const claude = parseName(model.toLowerCase());
  return claude ? traitsOf(claude) : unknownModel;
}

interface Claude {
  readonly family: string;
  /** 4.5 for `4-5`. */
  readonly version: number;
}

/** `claude-opus-4-1-20250805`, `claude-sonnet-4@20250514`, `us.anthropic.claude-3-5-haiku-..`. */
function parseName(model: string): Claude | undefined {
  const named = /(opus|sonnet|haiku|fable|mythos)-(\d{1,2})(?:[-.](\d{1,2})(?!\d))?(?!\d)/.exec(
    model,
  );
  if (named) return { family: named[1] ?? "", version: versionOf(named[2], named[3]) };
  const numbered = /claude-(\d)(?:[-.](\d))?-(opus|sonnet|haiku)/.exec(model);
  if (numbered) return { family: numbered[3] ?? "", version: versionOf(numbered[1], numbered[2]) };
  if (/(?:fable|mythos)/.test(model)) return { family: "mythos", version: 5 };
  return /claude-(?:v?[12]|instant)/.test(model) ? { family: "claude", version: 2 } : undefined;
}

function versionOf(major: string | undefined, minor: string | undefined): number {
  return Number(major) + Number(minor ?? 0) / 10;
}

function traitsOf({ family, version }: Claude): ClaudeTraits {
  const newest = family === "fable" || family === "mythos";
  const sampling = newest || version >= 4.7 ? "none" : "any";
  return {
    maxOutputTokens: maxOutputTokens(version),
    thinking: newest || version >= 4.7 ? "adaptive" : thinkingOf(version),
    thinkingOff: newest ? "never" : thinkingOff(family, version),
    thinksByDefault: newest || version >= 5,
    efforts: effortsOf(family, version),
    structuredOutputs: newest || version >= 4.5,
    sampling: sampling === "any" && version >= 4.1 ? "temperature_or_top_p" : sampling,
    prefill: !newest && version < 4.6,
    forcedTools: !newest && (version < 5.5 || family === "haiku"),
    systemTurns: newest || version >= 4.8,
  };
}

/**
 * The most a model writes. Up to 4.1 prompt and `max_tokens` together must fit the context of
 * 200,000 tokens, so those are given half of what they could.
 */
function maxOutputTokens(version: number): number {
  if (version < 3.5) return 4096;
  if (version < 3.7) return 8192;
  if (version < 4.5) return 32_000;
  return version < 4.6 ? 64_000 : 128_000;
}

function thinkingOf(version: number): ClaudeTraits["thinking"] {
  if (version < 3.7) return "none";
  return version < 4.6 ? "manual" : "either";
}

function thinkingOff(family: string, version: number): ClaudeTraits["thinkingOff"] {
  if (version < 3.7) return "omit";
  if (version < 5.5 || family === "haiku") return "disabled";
  return family === "sonnet" ? "between_tools" : "never";
}

function effortsOf(family: string, version: number): readonly string[] {
  if (family === "fable" || family === "mythos" || version >= 4.7) {
    return ["low", "medium", "high", "xhigh", "max"];
  }
  if (version >= 4.6) return ["low", "medium", "high", "max"];
  return family === "opus" && version >= 4.5 ? ["low", "medium", "high"] : [];
}

/**
 * Some other vendor's model behind an API like Anthropic's, or a name of the operator's own: what all
 * of them take.
 */
const unknownModel: ClaudeTraits = {
  maxOutputTokens: 8192,
  thinking: "manual",
  thinkingOff: "disabled",
  thinksByDefault: false,
  efforts: [],
  structuredOutputs: false,
  sampling: "any",
  prefill: true,
  forcedTools: true,
  systemTurns: false,
};
