import type { ChatRequest, Tool } from "../../chat/chat-request.ts";
import { booleanAt, type Json, listAt, optional, recordAt, textAt, wrongValue } from "./checked.ts";
import { readCache, readMore } from "./read-marks.ts";

export function readTools(value: unknown, path: string): readonly Tool[] {
  return listAt(value, path).map((tool, index) => readTool(tool, `${path}[${index}]`));
}

function readTool(value: unknown, path: string): Tool {
  const tool = recordAt(value, path);
  const type = tool["type"] ?? "custom";
  // Anthropic's own tools, run by itself or by the client, have types with a date.
  if (type !== "custom") return { type: "opaque", dialect: "anthropic", value: tool };
  const description = optional(tool["description"], `${path}.description`, textAt);
  const parameters = optional(tool["input_schema"], `${path}.input_schema`, recordAt);
  const strict = optional(tool["strict"], `${path}.strict`, booleanAt);
  return {
    type: "function",
    name: textAt(tool["name"], `${path}.name`),
    ...(description !== undefined && { description }),
    ...(parameters && { parameters }),
    ...(strict !== undefined && { strict }),
    ...readCache(tool, path),
    ...readMore(tool, known),
  };
}

const known = ["type", "name", "description", "input_schema", "strict"];

type Choice = Pick<ChatRequest, "toolChoice" | "parallelToolCalls">;

export function readToolChoice(value: unknown, path: string): Choice {
  const choice = recordAt(value, path);
  const single = optional(
    choice["disable_parallel_tool_use"],
    `${path}.disable_parallel_tool_use`,
    booleanAt,
  );
  const parallel = single === undefined ? {} : { parallelToolCalls: !single };
  return { toolChoice: choiceOf(choice, path), ...parallel };
}

function choiceOf(choice: Json, path: string): NonNullable<ChatRequest["toolChoice"]> {
  switch (choice["type"]) {
    case "auto":
    case "none":
      return { type: choice["type"] };
    case "any":
      return { type: "required" };
    case "tool":
      return { type: "function", name: textAt(choice["name"], `${path}.name`) };
    default:
      throw wrongValue(`${path}.type`, "auto, any, tool or none", choice["type"]);
  }
}
