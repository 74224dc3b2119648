import { callInput } from "../../chat/call-input.ts";
import type {
  AssistantMessage,
  ChatMessage,
  ToolCallPart,
  ToolMessage,
} from "../../chat/chat-request.ts";
import type { Json } from "./json.ts";
import { contentOf } from "./media.ts";

/** The conversation as it stands: Ollama takes any order. */
export function ollamaMessages(messages: readonly ChatMessage[]): readonly Json[] {
  const names = new Map<string, string>();
  return messages.map((message) => {
    switch (message.role) {
      case "assistant":
        return assistant(message, names);
      case "tool":
        return toolResult(message, names);
      case "user": {
        const { text, images } = contentOf(message.content);
        return { role: "user", content: text, ...(images.length > 0 && { images }) };
      }
      default:
        return { role: "system", content: message.content.map(({ text }) => text).join("\n") };
    }
  });
}

function assistant({ content }: AssistantMessage, names: Map<string, string>): Json {
  const texts: string[] = [];
  const thoughts: string[] = [];
  const calls: Json[] = [];
  for (const part of content) {
    switch (part.type) {
      case "text":
      case "refusal":
        texts.push(part.text);
        break;
      // Signed thoughts are another vendor's own.
      case "reasoning":
        if (!part.signature) thoughts.push(part.text);
        break;
      case "tool-call":
        names.set(part.id, part.name);
        calls.push(toolCall(part));
    }
  }
  return {
    role: "assistant",
    content: texts.join(""),
    ...(thoughts.length > 0 && { thinking: thoughts.join("") }),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
}

/** Arguments are an object here, not its text. */
function toolCall({ id, name, arguments: text }: ToolCallPart): Json {
  return { id, function: { name, arguments: callInput(text) } };
}

/** Older servers know the call by its tool's name, newer ones by its id. */
function toolResult({ callId, content }: ToolMessage, names: ReadonlyMap<string, string>): Json {
  const { text, images } = contentOf(content);
  const name = names.get(callId);
  return {
    role: "tool",
    content: text,
    ...(name !== undefined && { tool_name: name }),
    tool_call_id: callId,
    ...(images.length > 0 && { images }),
  };
}
