import { isRecord, jsonText, recordOf, type Usage } from "@headgate/core";

/**
 * Anthropic counts apart what was read from a cache and what was written to one; our input includes
 * both. An explicit 0 is a count. Undefined if it is no usage.
 *
 * `iterations` of type compaction and advisor_message are work beside the answer that the top level
 * leaves out: they are added, because they are billed. Those of type message are in it already.
 * https://platform.claude.com/docs/en/api/messages
 */
export function usageFromAnthropic(usage: unknown): Usage | undefined {
  if (!isRecord(usage)) return undefined;
  const answer = countsOf(usage);
  if (answer === undefined) return undefined;
  return besides(usage["iterations"]).reduce(add, answer);
}

/** A stream's later counts over its earlier ones: they are totals, and what is absent or null stays. */
export function mergeUsage(
  earlier: Readonly<Record<string, unknown>>,
  later: unknown,
): Readonly<Record<string, unknown>> {
  if (!isRecord(later)) return earlier;
  const told = Object.entries(later).filter(([, value]) => value !== null && value !== undefined);
  return { ...earlier, ...Object.fromEntries(told) };
}

function countsOf(usage: Readonly<Record<string, unknown>>): Usage | undefined {
  const fresh = count(usage["input_tokens"]);
  const output = count(usage["output_tokens"]);
  if (fresh === undefined && output === undefined) return undefined;
  const read = count(usage["cache_read_input_tokens"]);
  const created = recordOf(usage["cache_creation"]);
  const hour = count(created["ephemeral_1h_input_tokens"]);
  const fiveMinutes = count(created["ephemeral_5m_input_tokens"]);
  const split =
    hour === undefined && fiveMinutes === undefined ? undefined : (hour ?? 0) + (fiveMinutes ?? 0);
  const written = count(usage["cache_creation_input_tokens"]) ?? split;
  const reasoning = count(recordOf(usage["output_tokens_details"])["thinking_tokens"]);
  return {
    inputTokens: (fresh ?? 0) + (read ?? 0) + (written ?? 0),
    outputTokens: output ?? 0,
    ...(read !== undefined && { cachedInputTokens: read }),
    ...(written !== undefined && { cacheWriteTokens: written }),
    ...(hour !== undefined && { cacheWrite1hTokens: Math.min(hour, written ?? hour) }),
    ...(reasoning !== undefined && { reasoningTokens: reasoning }),
  };
}

function besides(iterations: unknown): readonly Usage[] {
  if (!Array.isArray(iterations)) return [];
  return iterations
    .filter((one) => isRecord(one) && besideTypes.has(jsonText(one["type"])))
    .map((one) => countsOf(recordOf(one)))
    .filter((one) => one !== undefined);
}

const besideTypes: ReadonlySet<string> = new Set(["compaction", "advisor_message"]);

function add(a: Usage, b: Usage): Usage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    ...sum("cachedInputTokens", a, b),
    ...sum("cacheWriteTokens", a, b),
    ...sum("cacheWrite1hTokens", a, b),
    ...sum("reasoningTokens", a, b),
  };
}

type Part = "cachedInputTokens" | "cacheWriteTokens" | "cacheWrite1hTokens" | "reasoningTokens";

function sum(part: Part, a: Usage, b: Usage): Partial<Record<Part, number>> {
  if (a[part] === undefined && b[part] === undefined) return {};
  return { [part]: (a[part] ?? 0) + (b[part] ?? 0) };
}

/** A whole number of tokens, zero or more; anything else is no count. */
function count(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
