import type { AnswerFormat, ChatMessage, ChatRequest, Reasoning } from "../../chat/chat-request.ts";
import {
  type Json,
  notOneOf,
  oneOf,
  optionalBoolean,
  optionalList,
  optionalNumber,
  optionalRecord,
  optionalString,
  requiredRecord,
  requiredString,
  unsupported,
  without,
} from "../members.ts";
import { given } from "../openai-chat/given.ts";
import { echoOf, type ResponsesRequest } from "./echo.ts";
import { readInput } from "./read-input.ts";
import { readToolChoice, readTools } from "./read-tools.ts";

/**
 * Read a request of the Responses API into the common form.
 * https://platform.openai.com/docs/api-reference/responses/create
 */
export function readRequest(body: Json): ResponsesRequest {
  refuseStored(body);
  const user = optionalString(body["user"], "user");
  const choice = readToolChoice(body["tool_choice"]);
  const request: ChatRequest = {
    messages: [...readInstructions(body["instructions"]), ...readInput(body["input"])],
    tools: readTools(body["tools"]),
    ...(choice && { toolChoice: choice }),
    ...given(
      "parallelToolCalls",
      optionalBoolean(body["parallel_tool_calls"], "parallel_tool_calls"),
    ),
    ...given("format", readFormat(body["text"])),
    ...given("reasoning", readReasoning(body["reasoning"])),
    ...given("maxOutputTokens", optionalNumber(body["max_output_tokens"], "max_output_tokens")),
    ...given("temperature", optionalNumber(body["temperature"], "temperature")),
    ...given("topP", optionalNumber(body["top_p"], "top_p")),
    ...given("logprobs", readLogprobs(body)),
    ...given("user", user ?? optionalString(body["safety_identifier"], "safety_identifier")),
    stream: body["stream"] === true,
    more: { dialect: "responses", members: leftOver(body, choice !== undefined) },
  };
  return { ...request, echo: echoOf(body) };
}

/** What only the keeper of earlier responses could do, and leaving it out would ask for something else. */
function refuseStored(body: Json): void {
  const stored: Readonly<Record<string, string>> = {
    previous_response_id: "no deployment of this model keeps responses",
    conversation: "no deployment of this model keeps conversations",
    prompt: "no deployment of this model keeps prompts",
  };
  for (const [param, why] of Object.entries(stored)) {
    const value = body[param];
    if (value === undefined || value === null) continue;
    throw unsupported(
      param,
      `Unsupported value for '${param}': ${why}: send the whole conversation as input.`,
    );
  }
  if (body["background"] === true) {
    const message =
      "Unsupported value for 'background': no deployment of this model answers in the background: leave it out, and stream if the answer takes long.";
    throw unsupported("background", message);
  }
}

function readInstructions(value: unknown): readonly ChatMessage[] {
  const text = optionalString(value, "instructions");
  if (text === undefined || text === "") return [];
  return [{ role: "system", content: [{ type: "text", text }] }];
}

function readFormat(value: unknown): AnswerFormat | undefined {
  const text = optionalRecord(value, "text");
  const format = optionalRecord(text?.["format"], "text.format");
  if (!format) return undefined;
  const type = requiredString(format["type"], "text.format.type");
  switch (type) {
    case "text":
      return { type };
    case "json_object":
      return { type: "json" };
    case "json_schema":
      return {
        type,
        name: requiredString(format["name"], "text.format.name"),
        ...given("description", optionalString(format["description"], "text.format.description")),
        schema: requiredRecord(format["schema"], "text.format.schema"),
        ...given("strict", optionalBoolean(format["strict"], "text.format.strict")),
      };
    default:
      throw notOneOf(type, ["text", "json_object", "json_schema"], "text.format.type");
  }
}

const efforts = ["none", "minimal", "low", "medium", "high", "xhigh", "max"] as const;

function readReasoning(value: unknown): Reasoning | undefined {
  const reasoning = optionalRecord(value, "reasoning");
  if (!reasoning) return undefined;
  const effort = optionalString(reasoning["effort"], "reasoning.effort");
  const summary = optionalString(
    reasoning["summary"] ?? reasoning["generate_summary"],
    "reasoning.summary",
  );
  if (effort === undefined && summary === undefined) return undefined;
  return {
    ...(effort !== undefined && { effort: oneOf(effort, efforts, "reasoning.effort") }),
    ...(summary !== undefined && { shown: true }),
  };
}

function readLogprobs(body: Json): ChatRequest["logprobs"] {
  const top = optionalNumber(body["top_logprobs"], "top_logprobs") ?? 0;
  const asked = optionalList(body["include"], "include").includes("message.output_text.logprobs");
  return asked || top > 0 ? { top } : undefined;
}

/** Members that the common form holds whole, or that say how we stream. */
const held: readonly string[] = [
  "model",
  "input",
  "instructions",
  "tools",
  "parallel_tool_calls",
  "max_output_tokens",
  "temperature",
  "top_p",
  "top_logprobs",
  "user",
  "stream",
  "stream_options",
];

/** What is so anyway. */
const granted: Readonly<Record<string, unknown>> = {
  background: false,
  store: false,
  truncation: "disabled",
};

function leftOver(body: Json, choiceHeld: boolean): Json {
  const parts: Readonly<Record<string, readonly string[]>> = {
    text: ["format"],
    reasoning: ["effort", "summary", "generate_summary"],
  };
  const members: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(without(body, held))) {
    if (value === null || value === granted[name] || (name === "tool_choice" && choiceHeld))
      continue;
    const rest = parts[name] ? without(requiredRecord(value, name), parts[name]) : value;
    const left = name === "include" ? includeBeyond(rest) : rest;
    if (isEmpty(left)) continue;
    members[name] = left;
  }
  return members;
}

function includeBeyond(include: unknown): readonly unknown[] {
  // Thoughts go out with what their vendor needs to take them back, asked for or not.
  const seen = new Set<unknown>(["message.output_text.logprobs", "reasoning.encrypted_content"]);
  return optionalList(include, "include").filter((name) => !seen.has(name));
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}
