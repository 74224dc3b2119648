import type { ChatDialect } from "../dialect.ts";
import { readRequest } from "./read-request.ts";
import { writeAnswer } from "./write-answer.ts";
import { ResponsesWriter } from "./write-stream.ts";

/**
 * OpenAI's Responses API, as clients speak it. Nothing is stored: a conversation is sent as a whole,
 * and what vendors want back of it travels in reasoning items.
 * https://platform.openai.com/docs/api-reference/responses
 */
export const responsesDialect: ChatDialect = {
  readRequest,
  writeAnswer,
  streamWriter: (context) => new ResponsesWriter(context),
};
