import { isRecord, type Usage } from "@headgate/core";

/**
 * The prompt's count includes what came from a cache; thoughts are counted apart from the output,
 * and what Google's own tools read apart from the prompt.
 * https://ai.google.dev/api/generate-content#UsageMetadata
 */
export function geminiUsage(metadata: unknown): Usage | undefined {
  if (!isRecord(metadata)) return undefined;
  const prompt = count(metadata["promptTokenCount"]);
  const candidates = count(metadata["candidatesTokenCount"]);
  const thoughts = count(metadata["thoughtsTokenCount"]);
  const total = count(metadata["totalTokenCount"]);
  // Vertex sends such things as `{"trafficType": ..}` before it has counted anything.
  if (prompt === undefined && candidates === undefined && total === undefined) return undefined;
  const inputTokens = (prompt ?? 0) + (count(metadata["toolUsePromptTokenCount"]) ?? 0);
  const counted = candidates ?? thoughts;
  const outputTokens =
    counted === undefined
      ? Math.max(0, (total ?? inputTokens) - inputTokens)
      : (candidates ?? 0) + (thoughts ?? 0);
  return {
    inputTokens,
    outputTokens,
    ...part("cachedInputTokens", count(metadata["cachedContentTokenCount"])),
    ...part("reasoningTokens", thoughts),
    ...part("inputAudioTokens", audioTokens(metadata["promptTokensDetails"])),
    ...part("outputAudioTokens", audioTokens(metadata["candidatesTokensDetails"])),
  };
}

/** The output was counted: earlier chunks of some models tell the prompt alone. */
export function isOutputCounted(metadata: unknown): boolean {
  return isRecord(metadata) && count(metadata["candidatesTokenCount"]) !== undefined;
}

function part<Name extends keyof Usage>(name: Name, tokens: number | undefined): Partial<Usage> {
  return tokens === undefined ? {} : { [name]: tokens };
}

function audioTokens(details: unknown): number | undefined {
  if (!Array.isArray(details)) return undefined;
  const audio = details.filter((each) => isRecord(each) && each["modality"] === "AUDIO");
  if (audio.length === 0) return undefined;
  return audio.reduce((sum, each) => sum + (count(each["tokenCount"]) ?? 0), 0);
}

function count(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}
