import type { ChatDialect } from "../dialect.ts";
import { readRequest } from "./read-request.ts";
import { writeAnswer } from "./write-answer.ts";
import { OpenAiChatWriter } from "./write-stream.ts";

/** /v1/chat/completions. https://platform.openai.com/docs/api-reference/chat */
export const openAiChatDialect: ChatDialect = {
  readRequest,
  writeAnswer,
  streamWriter: (context) => new OpenAiChatWriter(context),
};
