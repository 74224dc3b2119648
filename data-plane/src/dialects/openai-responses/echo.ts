import { isRecord } from "@headgate/core";
import type { ChatRequest } from "../../chat/chat-request.ts";
import type { Json } from "../members.ts";

/** A request with those of its members that the answer repeats. */
export interface ResponsesRequest extends ChatRequest {
  /** As they stand in a response. */
  readonly echo: Json;
}

/** What of the request its response says again, with the defaults of what was not said. */
export function echoOf(body: Json): Json {
  const text = isRecord(body["text"]) ? body["text"] : {};
  const reasoning = isRecord(body["reasoning"]) ? body["reasoning"] : {};
  return {
    ...defaults,
    ...pick(body, repeated),
    background: false,
    previous_response_id: null,
    store: false,
    tools: Array.isArray(body["tools"]) ? body["tools"].map(echoTool) : [],
    text: { ...text, format: text["format"] ?? { type: "text" } },
    reasoning: { effort: null, summary: null, ...reasoning },
  };
}

/** The echo of a request; one that was not read by this dialect is repeated as far as it goes. */
export function readEcho(request: ChatRequest): Json {
  const echo = "echo" in request ? request.echo : undefined;
  if (isRecord(echo)) return echo;
  const { maxOutputTokens, temperature, topP } = request;
  return echoOf({ max_output_tokens: maxOutputTokens, temperature, top_p: topP });
}

const defaults: Json = {
  error: null,
  incomplete_details: null,
  instructions: null,
  max_output_tokens: null,
  max_tool_calls: null,
  metadata: {},
  parallel_tool_calls: true,
  temperature: null,
  tool_choice: "auto",
  top_p: null,
  truncation: "disabled",
};

const repeated: readonly string[] = [
  "instructions",
  "max_output_tokens",
  "max_tool_calls",
  "metadata",
  "parallel_tool_calls",
  "prompt_cache_key",
  "safety_identifier",
  "temperature",
  "tool_choice",
  "top_logprobs",
  "top_p",
  "user",
];

function pick(body: Json, names: readonly string[]): Json {
  const found = names.filter((name) => body[name] !== undefined && body[name] !== null);
  return Object.fromEntries(found.map((name) => [name, body[name]]));
}

/** The API requires these two of a function, even if the client left them out. */
function echoTool(tool: unknown): unknown {
  if (!isRecord(tool) || tool["type"] !== "function") return tool;
  const { parameters = null, strict = false } = tool;
  return { ...tool, parameters, strict };
}
