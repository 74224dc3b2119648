/**
 * What one call consumed, as the provider counted it. One convention for all vendors: totals are
 * inclusive, the parts say what of them was special. Anthropic and Bedrock count cached input apart
 * from the rest, OpenAI and Gemini within it; Gemini counts thoughts apart from the output: their
 * readers reconcile that (`usage.ts` of each provider).
 */
export interface Usage {
  /** All input: what was read from a cache, and what was written to one, included. */
  readonly inputTokens: number;
  /** All output, reasoning included. */
  readonly outputTokens: number;
  /** Part of the input that was read from a cache, where the provider says. */
  readonly cachedInputTokens?: number;
  /** Part of the input that was written to a cache, where the provider says. */
  readonly cacheWriteTokens?: number;
  /** Part of cacheWriteTokens that is kept for an hour, which costs more than five minutes. */
  readonly cacheWrite1hTokens?: number;
  /** Part of the output that was reasoning, where the provider says. */
  readonly reasoningTokens?: number;
  /** Part of the input, and of the output, that was audio. */
  readonly inputAudioTokens?: number;
  readonly outputAudioTokens?: number;
  /** The provider counted nothing: these are our estimate. */
  readonly estimated?: true;
}
