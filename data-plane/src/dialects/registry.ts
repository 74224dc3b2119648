import type { Endpoint } from "../http/routes.ts";
import { anthropicDialect } from "./anthropic/dialect.ts";
import type { ChatDialect } from "./dialect.ts";
import { openAiChatDialect } from "./openai-chat/dialect.ts";
import { openAiCompletionsDialect } from "./openai-completions/dialect.ts";
import { responsesDialect } from "./openai-responses/dialect.ts";

/** What clients of each endpoint speak; embeddings have a form of their own. */
export const chatDialects: Readonly<Record<Exclude<Endpoint, "embeddings">, ChatDialect>> = {
  chat_completions: openAiChatDialect,
  completions: openAiCompletionsDialect,
  responses: responsesDialect,
  messages: anthropicDialect,
  count_tokens: anthropicDialect,
};
