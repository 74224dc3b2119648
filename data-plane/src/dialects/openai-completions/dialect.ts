import type { ChatDialect } from "../dialect.ts";
import { readRequest } from "./read-request.ts";
import { writeAnswer } from "./write-answer.ts";
import { OpenAiCompletionsWriter } from "./write-stream.ts";

/** The legacy /v1/completions. https://platform.openai.com/docs/api-reference/completions */
export const openAiCompletionsDialect: ChatDialect = {
  readRequest,
  writeAnswer,
  streamWriter: (context) => new OpenAiCompletionsWriter(context),
};
