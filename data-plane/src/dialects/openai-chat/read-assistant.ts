import { isRecord } from "@headgate/core";
import type { AssistantMessage, AssistantPart, ToolCallPart } from "../../chat/chat-request.ts";
import {
  type Json,
  notOneOf,
  optionalList,
  optionalRecord,
  optionalString,
  requiredRecord,
  requiredString,
} from "../members.ts";
import { readExtraContent } from "./extra-content.ts";
import { given } from "./given.ts";
import { listOf, readText } from "./read-parts.ts";
import { readReasoningDetails } from "./reasoning-details.ts";

/** In the order in which a model makes them: thoughts, text, calls. */
export function readAssistant(message: Json, param: string): AssistantMessage {
  return {
    role: "assistant",
    content: [
      ...readReasoning(message),
      ...withSignature(readContent(message, param), message),
      ...readAudio(message["audio"], `${param}.audio`),
      ...readCalls(message["tool_calls"], `${param}.tool_calls`),
      ...readFunctionCall(message["function_call"], `${param}.function_call`),
    ],
    ...given("name", optionalString(message["name"], `${param}.name`)),
  };
}

/** The details have the text as well, where there are any. */
function readReasoning(message: Json): readonly AssistantPart[] {
  const details = readReasoningDetails(message["reasoning_details"]);
  if (details.length > 0) return details;
  const text = message["reasoning_content"] ?? message["reasoning"];
  return typeof text === "string" && text !== "" ? [{ type: "reasoning", text }] : [];
}

function readContent(message: Json, param: string): readonly AssistantPart[] {
  const { content } = message;
  const refusal = optionalString(message["refusal"], `${param}.refusal`);
  const refused: readonly AssistantPart[] = refusal ? [{ type: "refusal", text: refusal }] : [];
  if (content === undefined || content === null) return refused;
  if (typeof content === "string") {
    return content === "" ? refused : [{ type: "text", text: content }, ...refused];
  }
  const place = `${param}.content`;
  return [...listOf(content, place).map((part, i) => readPart(part, `${place}[${i}]`)), ...refused];
}

function readPart(value: unknown, param: string): AssistantPart {
  const part = requiredRecord(value, param);
  const type = requiredString(part["type"], `${param}.type`);
  if (type === "text") return readText(part, param);
  if (type !== "refusal") throw notOneOf(type, ["text", "refusal"], `${param}.type`);
  return { type, text: requiredString(part["refusal"], `${param}.refusal`) };
}

/** A signature beside the content is that of its text; there may be none. */
function withSignature(parts: readonly AssistantPart[], message: Json): readonly AssistantPart[] {
  const { signature } = readExtraContent(message);
  if (!signature) return parts;
  const last = parts.findLastIndex(({ type }) => type === "text");
  if (last < 0) return [...parts, { type: "text", text: "", signature }];
  return parts.map((part, i) =>
    i === last && part.type === "text" ? { ...part, signature } : part,
  );
}

/** An earlier answer in sound, by its id: only its own vendor has it. */
function readAudio(value: unknown, param: string): readonly AssistantPart[] {
  const audio = optionalRecord(value, param);
  return audio ? [{ type: "opaque", dialect: "openai", value: { type: "audio", audio } }] : [];
}

function readCalls(value: unknown, param: string): readonly AssistantPart[] {
  return optionalList(value, param).map((call, i) => readCall(call, `${param}[${i}]`));
}

function readCall(value: unknown, param: string): AssistantPart {
  const call = requiredRecord(value, param);
  if (call["type"] === "custom") return { type: "opaque", dialect: "openai", value: call };
  const called = requiredRecord(call["function"], `${param}.function`);
  return {
    type: "tool-call",
    id: requiredString(call["id"], `${param}.id`),
    ...readCalled(called, `${param}.function`),
    ...readExtraContent(call),
  };
}

/** Before there were tools: a single call, whose result is a message of role "function". */
function readFunctionCall(value: unknown, param: string): readonly AssistantPart[] {
  const called = optionalRecord(value, param);
  if (!called) return [];
  const { name, arguments: text } = readCalled(called, param);
  return [{ type: "tool-call", id: functionCallId(name), name, arguments: text }];
}

function readCalled(called: Json, param: string): Pick<ToolCallPart, "name" | "arguments"> {
  const given = called["arguments"];
  return {
    name: requiredString(called["name"], `${param}.name`),
    // Some clients give the object itself.
    arguments: isRecord(given)
      ? JSON.stringify(given)
      : (optionalString(given, `${param}.arguments`) ?? ""),
  };
}

/** Legacy calls have no id: a result names the function, and follows its call. */
export function functionCallId(name: string): string {
  return `call_function_${name}`;
}
