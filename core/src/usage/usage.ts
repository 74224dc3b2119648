/** What one call consumed, as the provider counted it. */
export interface Usage {
  /** All input, what was read from a cache included. */
  readonly inputTokens: number;
  /** All output, reasoning included. */
  readonly outputTokens: number;
  /** Part of the input that was read from a cache, where the provider says. */
  readonly cachedInputTokens?: number;
  /** Part of the output that was reasoning, where the provider says. */
  readonly reasoningTokens?: number;
}
