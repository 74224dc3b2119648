import { isRecord, jsonText } from "@headgate/core";

/**
 * Log probabilities of chat, in the lists that legacy completions have them in.
 * https://platform.openai.com/docs/api-reference/completions/object#completions/object-choices
 *
 * @param offset where the text of these tokens begins in the choice's text, in characters.
 */
export function legacyLogprobs(tokens: readonly unknown[], offset: number): object | null {
  if (tokens.length === 0) return null;
  const read = tokens.map(readToken);
  let at = offset;
  const offsets = read.map(({ token }) => {
    const start = at;
    at += token.length;
    return start;
  });
  return {
    text_offset: offsets,
    tokens: read.map(({ token }) => token),
    token_logprobs: read.map(({ logprob }) => logprob),
    top_logprobs: read.map(({ top }) => top),
  };
}

interface Token {
  readonly token: string;
  readonly logprob: number;
  readonly top: Readonly<Record<string, number>>;
}

function readToken(value: unknown): Token {
  if (!isRecord(value)) return { token: "", logprob: 0, top: {} };
  const { token, logprob, top_logprobs } = value;
  const others: readonly unknown[] = Array.isArray(top_logprobs) ? top_logprobs : [];
  const top = others.flatMap((other) =>
    isRecord(other) && typeof other["logprob"] === "number"
      ? [[jsonText(other["token"]), other["logprob"]] as const]
      : [],
  );
  return {
    token: typeof token === "string" ? token : "",
    logprob: typeof logprob === "number" ? logprob : 0,
    top: Object.fromEntries(top),
  };
}
