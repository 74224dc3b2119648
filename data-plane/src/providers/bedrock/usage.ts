import { isRecord, type Usage } from "@headgate/core";

/**
 * Bedrock counts cached input apart from the rest.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html
 */
export function usageFromConverse(value: unknown): Usage | undefined {
  if (!isRecord(value)) return undefined;
  const input = count(value["inputTokens"]);
  const output = count(value["outputTokens"]);
  if (input === undefined && output === undefined) return undefined;
  const read = count(value["cacheReadInputTokens"]) ?? count(value["cacheReadInputTokenCount"]);
  const written =
    count(value["cacheWriteInputTokens"]) ?? count(value["cacheWriteInputTokenCount"]);
  const hour = hourTokens(value["cacheDetails"]);
  return {
    inputTokens: (input ?? 0) + (read ?? 0) + (written ?? 0),
    outputTokens: output ?? 0,
    ...(read !== undefined && { cachedInputTokens: read }),
    ...(written !== undefined && { cacheWriteTokens: written }),
    ...(hour > 0 && { cacheWrite1hTokens: hour }),
  };
}

function hourTokens(details: unknown): number {
  if (!Array.isArray(details)) return 0;
  const hours = details.filter((detail) => isRecord(detail) && detail["ttl"] === "1h");
  return hours.reduce((sum, detail) => sum + (count(detail["inputTokens"]) ?? 0), 0);
}

/** Tokens: a whole number, zero or more. */
function count(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
