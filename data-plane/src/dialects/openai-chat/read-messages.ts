import { Fault } from "@headgate/core";
import type { ChatMessage } from "../../chat/chat-request.ts";
import {
  type Json,
  missing,
  notOneOf,
  optionalString,
  requiredRecord,
  requiredString,
  wrongType,
} from "../members.ts";
import { given } from "./given.ts";
import { functionCallId, readAssistant } from "./read-assistant.ts";
import { readTexts, readUserParts } from "./read-parts.ts";

/** @throws {Fault} naming what is wrong, as OpenAI does: `messages[0].role`. */
export function readMessages(value: unknown): readonly ChatMessage[] {
  if (value === undefined || value === null) throw missing("messages");
  if (!Array.isArray(value)) throw wrongType("messages", "a list", value);
  if (value.length === 0) {
    const message = "Invalid 'messages': an empty list. At least one message is needed.";
    throw new Fault("invalid_value", message, { param: "messages" });
  }
  return value.map((message, i) => readMessage(message, `messages[${i}]`));
}

const roles = ["system", "developer", "user", "assistant", "tool", "function"] as const;

/** https://platform.openai.com/docs/api-reference/chat/create#chat-create-messages */
function readMessage(value: unknown, param: string): ChatMessage {
  const message = requiredRecord(value, param);
  const role = requiredString(message["role"], `${param}.role`);
  const content = `${param}.content`;
  switch (role) {
    case "system":
    case "developer":
      return { role, content: readTexts(message["content"], content), ...readName(message, param) };
    case "user":
      return {
        role,
        content: readUserParts(message["content"], content),
        ...readName(message, param),
      };
    case "assistant":
      return readAssistant(message, param);
    case "tool": {
      const callId = requiredString(message["tool_call_id"], `${param}.tool_call_id`);
      return { role, callId, content: readUserParts(message["content"] ?? "", content) };
    }
    case "function": {
      const callId = functionCallId(requiredString(message["name"], `${param}.name`));
      return { role: "tool", callId, content: readTexts(message["content"] ?? "", content) };
    }
    default:
      throw notOneOf(role, roles, `${param}.role`);
  }
}

function readName(message: Json, param: string): { readonly name?: string } {
  return given("name", optionalString(message["name"], `${param}.name`));
}
