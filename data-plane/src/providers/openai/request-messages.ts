import { isRecord } from "@headgate/core";
import type {
  AssistantMessage,
  ChatMessage,
  SystemMessage,
  TextPart,
  ToolCallPart,
  ToolMessage,
  UserPart,
} from "../../chat/chat-request.ts";
import { callId } from "./call-id.ts";
import { isText, writeContent } from "./request-parts.ts";
import type { ServerKind } from "./server-kind.ts";

/**
 * Tool messages take text only: what else a result has follows in a message of the user, behind
 * the results of the same turn, which must stand together.
 */
export function writeMessages(
  messages: readonly ChatMessage[],
  kind: ServerKind,
): readonly object[] {
  const written: object[] = [];
  let media: UserPart[] = [];
  for (const message of messages) {
    if (message.role !== "tool" && media.length > 0) {
      written.push({ role: "user", content: writeContent(media) });
      media = [];
    }
    written.push(writeMessage(message, kind));
    if (message.role === "tool") media.push(...mediaOf(message));
  }
  return media.length > 0 ? [...written, { role: "user", content: writeContent(media) }] : written;
}

function writeMessage(message: ChatMessage, kind: ServerKind): object {
  switch (message.role) {
    case "system":
    case "developer":
      return writeSystem(message, kind);
    case "user":
      return { role: "user", content: writeContent(message.content), ...nameOf(message) };
    case "assistant":
      return writeAssistant(message, kind);
    case "tool":
      return writeResult(message, kind);
  }
}

function nameOf({ name }: { readonly name?: string }): { name?: string } {
  return name === undefined ? {} : { name };
}

function writeSystem({ role, content, name }: SystemMessage, kind: ServerKind): object {
  return {
    role: kind.newest ? role : "system",
    content: writeTexts(content, kind),
    ...(name !== undefined && { name }),
  };
}

/** One text as a string, which every server takes; several as parts, where the server is sure to. */
function writeTexts(texts: readonly TextPart[], kind: ServerKind): unknown {
  if (texts.length === 1 || !kind.newest) return texts.map(({ text }) => text).join("\n");
  return texts.length === 0 ? "" : texts.map(({ text }) => ({ type: "text", text }));
}

/** Thoughts stay behind: OpenAI's chat takes none, and only their own vendor could read them. */
function writeAssistant({ content, name }: AssistantMessage, kind: ServerKind): object {
  const said = content.filter((part) => part.type === "text" || part.type === "refusal");
  const own = content.flatMap((part) =>
    part.type === "opaque" && part.dialect === "openai" && isRecord(part.value) ? [part.value] : [],
  );
  const calls = [
    ...content.filter((part) => part.type === "tool-call").map(writeCall),
    ...own.filter(({ type }) => type === "custom"),
  ];
  const audio = own.find(({ type }) => type === "audio")?.["audio"];
  const refusal = said.filter((part) => part.type === "refusal").map(({ text }) => text);
  const texts = said.filter((part) => part.type === "text");
  const silent =
    texts.length === 0 && (calls.length > 0 || audio !== undefined || refusal.length > 0);
  return {
    role: "assistant",
    content: silent ? null : writeTexts(texts, kind),
    ...(refusal.length > 0 && { refusal: refusal.join("") }),
    ...(name !== undefined && { name }),
    ...(audio !== undefined && { audio }),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
}

function writeCall({ id, name, arguments: text }: ToolCallPart): object {
  return { id: callId(id), type: "function", function: { name, arguments: text || "{}" } };
}

/** There is no mark for a tool that failed: it is said in the text, unless that says so itself. */
function writeResult(message: ToolMessage, kind: ServerKind): object {
  const texts = message.content.filter(isText);
  const hasMedia = texts.length < message.content.length;
  const told = texts.length === 0 && hasMedia ? [inNextMessage] : texts;
  const marked = message.isError ? told.map(markError) : told;
  return { role: "tool", tool_call_id: callId(message.callId), content: writeTexts(marked, kind) };
}

const inNextMessage: TextPart = {
  type: "text",
  text: "The result is in the next message of the user.",
};

function markError(part: TextPart, index: number): TextPart {
  if (index > 0 || /error|fail|exception/i.test(part.text)) return part;
  return { ...part, text: `Error: ${part.text}` };
}

function mediaOf({ content, callId: id }: ToolMessage): readonly UserPart[] {
  const media = content.filter((part) => !isText(part));
  if (media.length === 0) return [];
  return [{ type: "text", text: `Result of the tool call ${callId(id)}:` }, ...media];
}
