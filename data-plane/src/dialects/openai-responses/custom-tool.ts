import { isRecord, jsonText, parseJson } from "@headgate/core";
import type { ChatRequest, FunctionTool } from "../../chat/chat-request.ts";
import { type Json, optionalRecord, optionalString, requiredString } from "../members.ts";

/**
 * Tools whose input is free text. Other vendors have only tools with an object for arguments, so
 * such a tool becomes one with a single string in it, and its calls become what they were.
 * https://platform.openai.com/docs/guides/function-calling#custom-tools
 */
export function customTool(tool: Json, param: string): FunctionTool {
  const description = [
    optionalString(tool["description"], `${param}.description`),
    grammarHint(optionalRecord(tool["format"], `${param}.format`)),
  ].filter((text) => text !== undefined);
  return {
    type: "function",
    name: requiredString(tool["name"], `${param}.name`),
    ...(description.length > 0 && { description: description.join("\n\n") }),
    parameters: {
      type: "object",
      properties: { input: { type: "string", description: "The whole input of the tool." } },
      required: ["input"],
      additionalProperties: false,
    },
    more: { dialect: "responses", members: tool },
  };
}

/** Others cannot hold a model to a grammar, but can tell it. */
function grammarHint(format: Json | undefined): string | undefined {
  const grammar = isRecord(format?.["grammar"]) ? format["grammar"] : format;
  const { syntax, definition } = grammar ?? {};
  if (typeof definition !== "string") return undefined;
  return `The input must follow this grammar (${jsonText(syntax ?? "lark")}):\n${definition}`;
}

/** Names of the tools of this kind. */
export function customToolNames({ tools }: ChatRequest): ReadonlySet<string> {
  const custom = tools.filter(
    (tool) => tool.type === "function" && tool.more?.members["type"] === "custom",
  );
  return new Set(custom.map((tool) => (tool.type === "function" ? tool.name : "")));
}

export function customArguments(input: string): string {
  return JSON.stringify({ input });
}

/** What a call's arguments say the input is; the arguments themselves, if a model wrote it bare. */
export function customInput(args: string): string {
  const value = parseJson(args);
  if (!isRecord(value)) return args;
  const { input = "" } = value;
  const bare = typeof input !== "string" || !("input" in value || isEmpty(value));
  return bare ? args : input;
}

function isEmpty(value: Json): boolean {
  return Object.keys(value).length === 0;
}
