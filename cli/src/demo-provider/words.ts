/** Words with the space before them, so that joining them gives the text back. One counts as one token. */
export function wordsOf(text: string): readonly string[] {
  return text.match(/\s*\S+/g) ?? [];
}

/** At most `limit` words, if the client gave a limit that makes sense. */
export function clip(words: readonly string[], limit: unknown): readonly string[] {
  return typeof limit === "number" && limit > 0 ? words.slice(0, Math.floor(limit)) : words;
}

/** Four characters a token is the usual rule of thumb for English. */
export function estimateTokens(text: string): number {
  return Math.max(1, Math.ceil(text.length / 4));
}
