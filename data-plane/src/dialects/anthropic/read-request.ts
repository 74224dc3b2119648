import type { ChatMessage, ChatRequest } from "../../chat/chat-request.ts";
import {
  countAt,
  type Json,
  listAt,
  numberAt,
  optional,
  recordAt,
  textAt,
  without,
} from "./checked.ts";
import { readMessages } from "./read-messages.ts";
import { readOutputConfig, readReasoning } from "./read-output-config.ts";
import { readSystemContent } from "./read-parts.ts";
import { readToolChoice, readTools } from "./read-tools.ts";

/**
 * A body of /v1/messages, or of /v1/messages/count_tokens, which has no `max_tokens`. What has no
 * place in the common form stays as it was written, for Anthropic alone.
 */
export function readAnthropicRequest(body: Json): ChatRequest {
  const { format, effort, rest: outputConfig } = readOutputConfig(body);
  const { reasoning, rest: thinking } = readReasoning(body["thinking"], effort);
  // Effort of an answer without thoughts is Anthropic's alone.
  const ofAnswer = effort !== undefined && reasoning?.effort !== effort ? { effort } : {};
  const metadata = optional(body["metadata"], "metadata", recordAt) ?? {};
  const user = typeof metadata["user_id"] === "string" ? metadata["user_id"] : undefined;
  const stop = optional(body["stop_sequences"], "stop_sequences", readStop);
  const request: ChatRequest = {
    messages: [...readSystem(body["system"]), ...readMessages(body["messages"])],
    tools: optional(body["tools"], "tools", readTools) ?? [],
    ...optional(body["tool_choice"], "tool_choice", readToolChoice),
    ...(format && { format }),
    ...(reasoning && { reasoning }),
    ...numbers(body),
    ...(stop && { stop }),
    ...(user !== undefined && { user }),
    stream: body["stream"] === true,
    more: {
      dialect: "anthropic",
      members: {
        ...without(body, known),
        ...named("output_config", { ...ofAnswer, ...outputConfig }),
        ...named("thinking", thinking),
        ...named("metadata", without(metadata, user === undefined ? [] : ["user_id"])),
      },
    },
  };
  return request;
}

const known = [
  "model",
  "messages",
  "system",
  "tools",
  "tool_choice",
  "max_tokens",
  "temperature",
  "top_p",
  "top_k",
  "stop_sequences",
  "stream",
  "thinking",
  "output_config",
  "output_format",
  "metadata",
];

type Numbers = Pick<ChatRequest, "maxOutputTokens" | "temperature" | "topP" | "topK">;

function numbers(body: Json): Numbers {
  const maxOutputTokens = optional(body["max_tokens"], "max_tokens", countAt);
  const temperature = optional(body["temperature"], "temperature", numberAt);
  const topP = optional(body["top_p"], "top_p", numberAt);
  const topK = optional(body["top_k"], "top_k", countAt);
  return {
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(topK !== undefined && { topK }),
  };
}

function readStop(value: unknown, path: string): readonly string[] {
  return listAt(value, path).map((one, index) => textAt(one, `${path}[${index}]`));
}

function readSystem(system: unknown): readonly ChatMessage[] {
  const content = optional(system, "system", readSystemContent) ?? [];
  return content.length === 0 ? [] : [{ role: "system", content }];
}

function named(name: string, members: Json): Json {
  return Object.keys(members).length === 0 ? {} : { [name]: members };
}
