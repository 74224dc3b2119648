import { Fault } from "@headgate/core";
import type { ChatMessage, ToolMessage, UserPart } from "../../chat/chat-request.ts";
import {
  blocksAt,
  booleanAt,
  type Json,
  listAt,
  optional,
  recordAt,
  textAt,
  wrongValue,
} from "./checked.ts";
import { readAssistantContent } from "./read-assistant.ts";
import { readCache, readMore } from "./read-marks.ts";
import { readSystemContent, readUserPart } from "./read-parts.ts";

export function readMessages(value: unknown): readonly ChatMessage[] {
  const messages = listAt(value, "messages");
  if (messages.length === 0) {
    const message = "messages: at least one message is required.";
    throw new Fault("invalid_value", message, { param: "messages" });
  }
  return messages.flatMap((message, index) => readMessage(message, `messages[${index}]`));
}

function readMessage(value: unknown, path: string): readonly ChatMessage[] {
  const message = recordAt(value, path);
  const content = `${path}.content`;
  switch (message["role"]) {
    case "user":
      return readUser(message["content"], content);
    case "assistant":
      return [{ role: "assistant", content: readAssistantContent(message["content"], content) }];
    case "system": {
      const parts = readSystemContent(message["content"], content);
      return [{ role: "system", content: parts, ...readMore(message, ["role", "content"]) }];
    }
    default:
      throw wrongValue(`${path}.role`, "user, assistant or system", message["role"]);
  }
}

/** Results of tools are messages of their own in the common form, in the order they were written. */
function readUser(value: unknown, path: string): readonly ChatMessage[] {
  if (typeof value === "string") return [{ role: "user", content: textParts(value) }];
  const messages: ChatMessage[] = [];
  let parts: UserPart[] = [];
  const flush = (): void => {
    if (parts.length > 0) messages.push({ role: "user", content: parts });
    parts = [];
  };
  for (const [index, one] of blocksAt(value, path).entries()) {
    const at = `${path}[${index}]`;
    const block = recordAt(one, at);
    if (block["type"] !== "tool_result") {
      parts.push(readUserPart(block, at));
      continue;
    }
    flush();
    messages.push(readToolResult(block, at));
  }
  flush();
  return messages;
}

function readToolResult(block: Json, path: string): ToolMessage {
  const isError = optional(block["is_error"], `${path}.is_error`, booleanAt);
  const content = optional(block["content"], `${path}.content`, readResultContent) ?? [];
  return {
    role: "tool",
    callId: textAt(block["tool_use_id"], `${path}.tool_use_id`),
    content,
    ...(isError !== undefined && { isError }),
    ...readCache(block, path),
    ...readMore(block, ["type", "tool_use_id", "content", "is_error"]),
  };
}

function readResultContent(value: unknown, path: string): readonly UserPart[] {
  if (typeof value === "string") return textParts(value);
  return blocksAt(value, path).map((block, index) => {
    const at = `${path}[${index}]`;
    return readUserPart(recordAt(block, at), at);
  });
}

function textParts(text: string): readonly UserPart[] {
  return text === "" ? [] : [{ type: "text", text }];
}
