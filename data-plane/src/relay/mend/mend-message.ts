import {
  anyOf,
  dropUnless,
  isJson,
  isList,
  isObject,
  isString,
  isStringOrNull,
  type Json,
} from "./json.ts";

/**
 * What a whole message and the delta of one have in common. Whether they must have content, and
 * what their tool calls look like, differs.
 */
export function mendMessage(message: Json): boolean {
  return anyOf(
    mendContent(message),
    mendFunctionCall(message),
    dropUnless(message, "refusal", isStringOrNull),
    dropUnless(message, "annotations", isList),
    dropUnless(message, "audio", (value) => value === null || isObject(value)),
    dropUnless(message, "tool_calls", isList),
  );
}

/** Mistral answers with a list of parts; the thoughts among them go where others have theirs. */
function mendContent(message: Json): boolean {
  const content = message["content"];
  if (content === undefined || isStringOrNull(content)) return false;
  const parts = Array.isArray(content) ? content : [content];
  message["content"] = parts.map(partText).join("");
  const thoughts = parts.map(thoughtText).join("");
  if (thoughts !== "" && !isString(message["reasoning_content"])) {
    message["reasoning_content"] = thoughts;
  }
  return true;
}

function partText(part: unknown): string {
  if (typeof part === "string") return part;
  return isJson(part) && typeof part["text"] === "string" ? part["text"] : "";
}

/** `{"type":"thinking","thinking":[{"type":"text","text":..}]}`, or the text at once. */
function thoughtText(part: unknown): string {
  if (!isJson(part) || part["type"] !== "thinking") return "";
  const { thinking } = part;
  return Array.isArray(thinking) ? thinking.map(partText).join("") : partText(thinking);
}

function mendFunctionCall(message: Json): boolean {
  const call = message["function_call"];
  if (!isJson(call)) return dropUnless(message, "function_call", isObject);
  return anyOf(dropUnless(call, "name", isString), dropUnless(call, "arguments", isString));
}

/**
 * Takes out what says nothing: an empty list of calls, and a function call without a name, from
 * servers that know none. That alone is no reason to touch an answer.
 */
export function tidyMessage(message: Json): void {
  const call = message["function_call"];
  dropUnless(message, "tool_calls", (calls) => Array.isArray(calls) && calls.length > 0);
  if (isJson(call) && !call["name"] && !call["arguments"]) delete message["function_call"];
}
