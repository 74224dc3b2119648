import { isRecord } from "@headgate/core";

/**
 * Log probabilities in OpenAI's shape; undefined if there are none.
 * https://ai.google.dev/api/generate-content#LogprobsResult
 */
export function openAiLogprobs(result: unknown): readonly unknown[] | undefined {
  if (!isRecord(result)) return undefined;
  const chosen = listOf(result["chosenCandidates"]);
  if (chosen.length === 0) return undefined;
  const top = listOf(result["topCandidates"]);
  return chosen.map((candidate, at) => {
    const others = top[at];
    const alternatives = isRecord(others) ? listOf(others["candidates"]) : [];
    return { ...entry(candidate), top_logprobs: alternatives.map(entry) };
  });
}

function entry(candidate: unknown) {
  const { token, logProbability } = isRecord(candidate) ? candidate : {};
  const text = typeof token === "string" ? token : "";
  return {
    token: text,
    // Left out where it is 0, as protobuf does: a certainty.
    logprob: typeof logProbability === "number" ? logProbability : 0,
    bytes: [...Buffer.from(text)],
  };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
