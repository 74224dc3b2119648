/** What of its requests a server that speaks OpenAI's dialect takes. */
export interface ServerKind {
  /** OpenAI's own models want `max_completion_tokens`; other servers often know only `max_tokens`. */
  readonly maxTokens: "max_completion_tokens" | "max_tokens";
  /** Sampling and reasoning members that OpenAI refuses, and vLLM and its like take. */
  readonly extensions: boolean;
  /** Messages of role "developer", lists of parts in tool messages, `allowed_tools`. */
  readonly newest: boolean;
}

export const openAiServer: ServerKind = {
  maxTokens: "max_completion_tokens",
  extensions: false,
  newest: true,
};

export const compatibleServer: ServerKind = {
  maxTokens: "max_tokens",
  extensions: true,
  newest: false,
};
