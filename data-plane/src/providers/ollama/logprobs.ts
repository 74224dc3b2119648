import { isRecord } from "@headgate/core";

/** Ollama's log probabilities in OpenAI's shape, where each token has its bytes. */
export function logprobsOf(value: unknown): readonly unknown[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  return value.filter(isRecord).map((token) => ({
    ...tokenOf(token),
    top_logprobs: list(token["top_logprobs"]).map(tokenOf),
  }));
}

function tokenOf({ token, logprob, bytes }: Readonly<Record<string, unknown>>) {
  const text = typeof token === "string" ? token : "";
  return {
    token: text,
    logprob: typeof logprob === "number" ? logprob : 0,
    bytes: Array.isArray(bytes) ? bytes : [...Buffer.from(text)],
  };
}

function list(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
