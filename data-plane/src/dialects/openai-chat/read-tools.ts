import type { FunctionTool, Tool, ToolChoice } from "../../chat/chat-request.ts";
import {
  type Json,
  notOneOf,
  optionalBoolean,
  optionalList,
  optionalRecord,
  optionalString,
  requiredRecord,
  requiredString,
  without,
} from "../members.ts";
import { given } from "./given.ts";
import { readCacheMark } from "./read-cache-mark.ts";

/** `tools`, or the `functions` of before there were tools. */
export function readTools(body: Json): readonly Tool[] {
  const functions = optionalList(body["functions"], "functions");
  return [
    ...optionalList(body["tools"], "tools").map((tool, i) => readTool(tool, `tools[${i}]`)),
    ...functions.map((tool, i) => {
      const place = `functions[${i}]`;
      return readFunction(requiredRecord(tool, place), place, {});
    }),
  ];
}

/** What is no function (custom tools, and tools that the vendor runs) only its vendor understands. */
function readTool(value: unknown, param: string): Tool {
  const tool = requiredRecord(value, param);
  const type = requiredString(tool["type"], `${param}.type`);
  if (type !== "function") return { type: "opaque", dialect: "openai", value: tool };
  const place = `${param}.function`;
  return readFunction(requiredRecord(tool["function"], place), place, tool);
}

function readFunction(called: Json, param: string, tool: Json): FunctionTool {
  const members = {
    ...without(tool, ["type", "function", "cache_control"]),
    ...without(called, ["name", "description", "parameters", "strict"]),
  };
  return {
    type: "function",
    name: requiredString(called["name"], `${param}.name`),
    ...given("description", optionalString(called["description"], `${param}.description`)),
    ...given("parameters", optionalRecord(called["parameters"], `${param}.parameters`)),
    ...given("strict", optionalBoolean(called["strict"], `${param}.strict`)),
    ...readCacheMark(tool),
    ...(Object.keys(members).length > 0 && { more: { dialect: "openai", members } }),
  };
}

/** Undefined if it is absent, or a choice that has no common form (a custom tool). */
export function readToolChoice(body: Json): ToolChoice | undefined {
  const { tool_choice, function_call } = body;
  if (tool_choice === undefined || tool_choice === null) return readFunctionChoice(function_call);
  if (typeof tool_choice === "string") return readWord(tool_choice, "tool_choice");
  const choice = requiredRecord(tool_choice, "tool_choice");
  const type = requiredString(choice["type"], "tool_choice.type");
  if (type === "allowed_tools") return readAllowed(choice);
  if (type !== "function") return undefined;
  const called = requiredRecord(choice["function"], "tool_choice.function");
  return { type, name: requiredString(called["name"], "tool_choice.function.name") };
}

function readFunctionChoice(value: unknown): ToolChoice | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return readWord(value, "function_call");
  const called = requiredRecord(value, "function_call");
  return { type: "function", name: requiredString(called["name"], "function_call.name") };
}

function readWord(word: string, param: string): ToolChoice {
  if (word === "auto" || word === "none" || word === "required") return { type: word };
  // Mistral's, and LangChain's, word for it.
  if (word === "any") return { type: "required" };
  throw notOneOf(word, ["none", "auto", "required"], param);
}

/** https://platform.openai.com/docs/guides/function-calling#tool-choice */
function readAllowed(choice: Json): ToolChoice | undefined {
  const param = "tool_choice.allowed_tools";
  const allowed = requiredRecord(choice["allowed_tools"] ?? choice, param);
  const mode = requiredString(allowed["mode"], `${param}.mode`);
  if (mode !== "auto" && mode !== "required")
    throw notOneOf(mode, ["auto", "required"], `${param}.mode`);
  const names: string[] = [];
  for (const [i, value] of optionalList(allowed["tools"], `${param}.tools`).entries()) {
    const place = `${param}.tools[${i}]`;
    const tool = requiredRecord(value, place);
    if (tool["type"] !== "function") return undefined;
    const called = requiredRecord(tool["function"], `${place}.function`);
    names.push(requiredString(called["name"], `${place}.function.name`));
  }
  return { type: "allowed", mode, names };
}
