import { isRecord } from "@headgate/core";
import type { FunctionTool, Tool, ToolChoice } from "../../chat/chat-request.ts";
import {
  type Json,
  notOneOf,
  oneOf,
  optionalBoolean,
  optionalList,
  optionalRecord,
  optionalString,
  requiredRecord,
  requiredString,
  without,
} from "../members.ts";
import { customTool } from "./custom-tool.ts";

/** https://platform.openai.com/docs/api-reference/responses/create#responses-create-tools */
export function readTools(value: unknown): readonly Tool[] {
  return optionalList(value, "tools").map((tool, index) => {
    const param = `tools[${index}]`;
    const members = requiredRecord(tool, param);
    switch (requiredString(members["type"], `${param}.type`)) {
      case "function":
        return functionTool(members, param);
      case "custom":
        return customTool(members, param);
      default:
        // Web search and the like: OpenAI runs them itself.
        return { type: "opaque", dialect: "responses", value: members };
    }
  });
}

function functionTool(tool: Json, param: string): FunctionTool {
  const description = optionalString(tool["description"], `${param}.description`);
  const parameters = optionalRecord(tool["parameters"], `${param}.parameters`);
  const strict = optionalBoolean(tool["strict"], `${param}.strict`);
  const more = without(tool, ["type", "name", "description", "parameters", "strict"]);
  return {
    type: "function",
    name: requiredString(tool["name"], `${param}.name`),
    ...(description !== undefined && { description }),
    ...(parameters !== undefined && { parameters }),
    ...(strict !== undefined && { strict }),
    ...(Object.keys(more).length > 0 && { more: { dialect: "responses", members: more } }),
  };
}

const words = ["auto", "none", "required"] as const;

/** Undefined for one with no place in the common form: a tool that OpenAI runs itself. */
export function readToolChoice(value: unknown): ToolChoice | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return { type: oneOf(value, words, "tool_choice") };
  const choice = requiredRecord(value, "tool_choice");
  const type = requiredString(choice["type"], "tool_choice.type");
  switch (type) {
    case "function":
    case "custom":
      return { type: "function", name: requiredString(choice["name"], "tool_choice.name") };
    case "allowed_tools":
      return allowedTools(choice);
    case "auto":
    case "none":
    case "required":
      // An object where a word belongs is no tool's name either.
      throw notOneOf(type, ["function", "custom", "allowed_tools"], "tool_choice.type");
    default:
      return undefined;
  }
}

function allowedTools(choice: Json): ToolChoice {
  const mode = requiredString(choice["mode"], "tool_choice.mode");
  const names = optionalList(choice["tools"], "tool_choice.tools").flatMap((tool) => {
    const name = isRecord(tool) ? tool["name"] : undefined;
    return typeof name === "string" ? [name] : [];
  });
  return { type: "allowed", mode: oneOf(mode, ["auto", "required"], "tool_choice.mode"), names };
}
