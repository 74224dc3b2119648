import { isRecord } from "@headgate/core";
import type { AnswerFormat, ChatRequest } from "../../chat/chat-request.ts";
import {
  type Json,
  optionalBoolean,
  optionalNumber,
  optionalRecord,
  optionalString,
  requiredRecord,
  requiredString,
  without,
  wrongType,
} from "../members.ts";
import type { FunctionsRequest } from "./function-mode.ts";
import { given } from "./given.ts";
import { readMessages } from "./read-messages.ts";
import { readReasoning } from "./read-reasoning.ts";
import { readToolChoice, readTools } from "./read-tools.ts";

/**
 * Read a request of /v1/chat/completions into the common form.
 * https://platform.openai.com/docs/api-reference/chat/create
 */
export function readRequest(body: Json): ChatRequest | FunctionsRequest {
  const request: ChatRequest = {
    messages: readMessages(body["messages"]),
    tools: readTools(body),
    ...given("toolChoice", readToolChoice(body)),
    ...given("parallelToolCalls", flag(body, "parallel_tool_calls")),
    ...given("format", readFormat(body["response_format"])),
    ...given("reasoning", readReasoning(body)),
    ...readSampling(body),
    ...given("logprobs", readLogprobs(body)),
    ...given("logitBias", readLogitBias(body["logit_bias"])),
    ...given("user", readUser(body)),
    stream: body["stream"] === true,
    more: { dialect: "openai", members: leftOver(body) },
  };
  return isAbsent(body["functions"]) ? request : { ...request, asksWithFunctions: true };
}

/** What legacy completions have, too. */
export function readSampling(body: Json): Partial<ChatRequest> {
  return {
    ...given("maxOutputTokens", readMaxTokens(body)),
    ...given("temperature", number(body, "temperature")),
    ...given("topP", number(body, "top_p")),
    ...given("topK", number(body, "top_k")),
    ...given("stop", readStop(body["stop"])),
    ...given("seed", number(body, "seed")),
    ...given("choices", number(body, "n")),
    ...given("frequencyPenalty", number(body, "frequency_penalty")),
    ...given("presencePenalty", number(body, "presence_penalty")),
  };
}

/** The members that readSampling() reads. */
export const samplingMembers = [
  "max_tokens",
  "max_completion_tokens",
  "temperature",
  "top_p",
  "top_k",
  "stop",
  "seed",
  "n",
  "frequency_penalty",
  "presence_penalty",
] as const;

/** Both are in use: the larger one counts, here as everywhere. */
function readMaxTokens(body: Json): number | undefined {
  const both = [number(body, "max_tokens"), number(body, "max_completion_tokens")];
  const given = both.filter((tokens) => tokens !== undefined);
  return given.length === 0 ? undefined : Math.max(...given);
}

function readStop(stop: unknown): readonly string[] | undefined {
  if (stop === undefined || stop === null) return undefined;
  if (typeof stop === "string") return [stop];
  if (!Array.isArray(stop)) throw wrongType("stop", "a string or a list of strings", stop);
  return stop.map((sequence, i) => requiredString(sequence, `stop[${i}]`));
}

function readLogprobs(body: Json): ChatRequest["logprobs"] {
  if (flag(body, "logprobs") !== true) return undefined;
  return { top: number(body, "top_logprobs") ?? 0 };
}

export function readLogitBias(value: unknown): Readonly<Record<string, number>> | undefined {
  const biases = optionalRecord(value, "logit_bias");
  if (!biases) return undefined;
  const read = Object.entries(biases).map(([token, bias]) => {
    if (typeof bias !== "number") throw wrongType(`logit_bias.${token}`, "a number", bias);
    return [token, bias] as const;
  });
  return Object.fromEntries(read);
}

function readUser(body: Json): string | undefined {
  const user = optionalString(body["user"], "user");
  return user ?? optionalString(body["safety_identifier"], "safety_identifier");
}

/** A format that some server has invented for itself has no common form. */
function readFormat(value: unknown): AnswerFormat | undefined {
  const format = optionalRecord(value, "response_format");
  if (!format) return undefined;
  const type = requiredString(format["type"], "response_format.type");
  if (type === "text") return { type };
  if (type === "json_object") return { type: "json" };
  if (type !== "json_schema") return undefined;
  const param = "response_format.json_schema";
  const schema = requiredRecord(format["json_schema"], param);
  return {
    type,
    // OpenAI requires one; Perplexity and vLLM do not.
    name: optionalString(schema["name"], `${param}.name`) ?? "answer",
    ...given("description", optionalString(schema["description"], `${param}.description`)),
    schema: optionalRecord(schema["schema"], `${param}.schema`) ?? {},
    ...given("strict", optionalBoolean(schema["strict"], `${param}.strict`)),
  };
}

function number(body: Json, name: string): number | undefined {
  return optionalNumber(body[name], name);
}

function flag(body: Json, name: string): boolean | undefined {
  return optionalBoolean(body[name], name);
}

/** Members that the common form holds whole, or that say how we stream. */
const held: readonly string[] = [
  "model",
  "messages",
  "tools",
  "functions",
  "function_call",
  "parallel_tool_calls",
  "reasoning_effort",
  ...samplingMembers,
  "logprobs",
  "logit_bias",
  "user",
  "stream",
];

/**
 * The rest, as it was written. `reasoning` and `thinking` are held as well, but stay for servers that
 * know them by these names.
 */
function leftOver(body: Json): Json {
  const members: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(without(body, held))) {
    if (value === null || isHeld(name, body)) continue;
    if (name !== "stream_options") members[name] = value;
    else if (isRecord(value) && Object.keys(value).some((key) => key !== "include_usage")) {
      members[name] = without(value, ["include_usage"]);
    }
  }
  return members;
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function isHeld(name: string, body: Json): boolean {
  switch (name) {
    case "tool_choice":
      return readToolChoice(body) !== undefined;
    case "response_format":
      return readFormat(body[name]) !== undefined;
    case "top_logprobs":
      return body["logprobs"] === true;
    case "safety_identifier":
      return readUser(body) === body[name] && typeof body["user"] === "string";
    default:
      return false;
  }
}
