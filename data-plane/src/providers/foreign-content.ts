import { Fault, isRecord } from "@headgate/core";
import type { AssistantPart, ChatMessage, OpaquePart, UserPart } from "../chat/chat-request.ts";
import type { Dropped } from "./dropped.ts";

/** Who is asked, and which parts without a common form it understands. */
export interface Reader {
  /** As messages name it. */
  readonly vendor: string;
  takes(part: OpaquePart): boolean;
}

/**
 * The conversation without parts that only other vendors understand. What the assistant or a tool
 * said is left out and named; what the user says is not, since the question would be another one.
 *
 * @throws {Fault} unsupported_value
 */
export function understoodMessages(
  messages: readonly ChatMessage[],
  reader: Reader,
  dropped: Dropped,
): readonly ChatMessage[] {
  return messages.map((message) => {
    const foreign = firstForeign(message.content, reader);
    if (!foreign) return message;
    if (message.role === "user") throw refusal(foreign, reader);
    dropped.add("messages.content");
    return withoutForeign(message, reader);
  });
}

type Part = UserPart | AssistantPart;

function firstForeign(content: readonly Part[], reader: Reader): OpaquePart | undefined {
  for (const part of content) {
    if (part.type === "opaque" && !reader.takes(part)) return part;
  }
  return undefined;
}

function withoutForeign(message: ChatMessage, reader: Reader): ChatMessage {
  const isKept = (part: Part): boolean => part.type !== "opaque" || reader.takes(part);
  switch (message.role) {
    case "assistant":
      return { ...message, content: message.content.filter(isKept) };
    case "tool":
      return { ...message, content: message.content.filter(isKept) };
    default:
      return message;
  }
}

function refusal({ value }: OpaquePart, { vendor }: Reader): Fault {
  const type = isRecord(value) && typeof value["type"] === "string" ? value["type"] : "unknown";
  const message = `The provider (${vendor}) takes no content of type ${JSON.stringify(type)}.`;
  return new Fault("unsupported_value", message, { param: "messages" });
}
