import type { ChatDialect } from "../dialect.ts";
import { readAnthropicRequest } from "./read-request.ts";
import { writeAnthropicAnswer } from "./write-answer.ts";
import { AnthropicStreamWriter } from "./write-stream.ts";

/** Anthropic's messages. https://platform.claude.com/docs/en/api/messages */
export const anthropicDialect: ChatDialect = {
  readRequest: readAnthropicRequest,
  writeAnswer: writeAnthropicAnswer,
  streamWriter: (context) => new AnthropicStreamWriter(context),
};
