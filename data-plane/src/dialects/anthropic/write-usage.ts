import type { Usage } from "@headgate/core";

/**
 * Usage as Anthropic counts it: what was read from a cache or written to one is apart from the input.
 * https://platform.claude.com/docs/en/build-with-claude/prompt-caching#tracking-cache-performance
 */
export function anthropicUsage(usage: Usage | undefined): Readonly<Record<string, unknown>> {
  const read = usage?.cachedInputTokens ?? 0;
  const written = usage?.cacheWriteTokens ?? 0;
  const hour = usage?.cacheWrite1hTokens;
  return {
    input_tokens: Math.max((usage?.inputTokens ?? 0) - read - written, 0),
    cache_creation_input_tokens: written,
    cache_read_input_tokens: read,
    ...(hour !== undefined && {
      cache_creation: {
        ephemeral_5m_input_tokens: Math.max(written - hour, 0),
        ephemeral_1h_input_tokens: hour,
      },
    }),
    output_tokens: usage?.outputTokens ?? 0,
    ...(usage?.reasoningTokens !== undefined && {
      output_tokens_details: { thinking_tokens: usage.reasoningTokens },
    }),
  };
}
