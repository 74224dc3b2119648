import { isRecord } from "@headgate/core";
import type { ChatEvent } from "../../chat/chat-event.ts";
import type { ChatRequest } from "../../chat/chat-request.ts";
import type { Block } from "./block.ts";
import { errorOfType } from "./classify-error.ts";
import { ConverseReader } from "./converse-reader.ts";

/** The events of a whole answer: those that would have streamed it. */
export function converseAnswer(body: unknown, request: ChatRequest): readonly ChatEvent[] {
  const output = isRecord(body) ? body["output"] : undefined;
  const message = isRecord(output) ? output["message"] : undefined;
  if (!isRecord(body) || !isRecord(message)) return [{ type: "error", error: notAnAnswer(body) }];
  const reader = new ConverseReader(request);
  const events = [...reader.read("messageStart", {})];
  const content = Array.isArray(message["content"]) ? message["content"].filter(isRecord) : [];
  for (const [contentBlockIndex, block] of content.entries()) {
    events.push(...blockEvents(reader, contentBlockIndex, block));
  }
  if (typeof body["stopReason"] === "string") events.push(...reader.read("messageStop", body));
  events.push(...reader.read("metadata", body));
  return events;
}

function blockEvents(
  reader: ConverseReader,
  contentBlockIndex: number,
  block: Block,
): readonly ChatEvent[] {
  const start = (value: Block) =>
    reader.read("contentBlockStart", { contentBlockIndex, start: value });
  const delta = (value: Block) =>
    reader.read("contentBlockDelta", { contentBlockIndex, delta: value });
  const stop = () => reader.read("contentBlockStop", { contentBlockIndex });
  const { text, toolUse, reasoningContent, citationsContent } = block;
  if (typeof text === "string") return [...delta({ text }), ...stop()];
  if (isRecord(toolUse) && toolUse["type"] !== "server_tool_use") {
    const input = JSON.stringify(toolUse["input"] ?? {});
    return [...start({ toolUse }), ...delta({ toolUse: { input } }), ...stop()];
  }
  if (isRecord(reasoningContent)) {
    const thought = isRecord(reasoningContent["reasoningText"])
      ? reasoningContent["reasoningText"]
      : reasoningContent;
    return [...delta({ reasoningContent: thought }), ...stop()];
  }
  if (isRecord(citationsContent)) {
    const texts = list(citationsContent["content"]).flatMap(({ text: cited }) =>
      delta({ text: cited }),
    );
    const sources = list(citationsContent["citations"]).flatMap((citation) => delta({ citation }));
    return [...texts, ...sources, ...stop()];
  }
  return [{ type: "opaque", choice: 0, dialect: "bedrock", value: block }];
}

/** An error told in a 200, or nothing Converse says. */
function notAnAnswer(body: unknown) {
  const inner = isRecord(body) && isRecord(body["Output"]) ? body["Output"] : body;
  const { __type: type, message } = isRecord(inner) ? inner : {};
  const told = typeof message === "string" ? message : "The answer has no message.";
  return errorOfType(typeof type === "string" ? type : "InternalServerException", told, 502);
}

function list(value: unknown): readonly Block[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
