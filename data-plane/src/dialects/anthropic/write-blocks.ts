import { callInput } from "../../chat/call-input.ts";
import type { AnswerPart, AnswerText } from "../../chat/chat-answer.ts";
import type { Annotation } from "../../chat/chat-event.ts";
import type { NativeMembers, Signature } from "../../chat/chat-request.ts";
import { carrySignature } from "./carried-signature.ts";
import type { Json } from "./checked.ts";

/** The blocks of a whole part: one, or none, or one more for another vendor's signature. */
export function writeBlocks(part: AnswerPart): readonly Json[] {
  switch (part.type) {
    case "text":
      return [...textBlock(part), ...signatureBlock(part.signature, "text")];
    case "refusal":
      return textBlock({ type: "text", text: part.text });
    case "reasoning": {
      const { text, signature } = part;
      return [thinkingBlock(text, signature && carrySignature({ signature, place: "thought" }))];
    }
    case "redacted-reasoning":
      return [redactedBlock(part.data)];
    case "tool-call": {
      const block = { ...callBlock(part), input: callInput(part.arguments) };
      return [...signatureBlock(part.signature, "call"), block];
    }
    case "opaque":
      return part.dialect === "anthropic" && typeof part.value === "object" && part.value !== null
        ? [{ ...part.value }]
        : [];
  }
}

function textBlock({ text, annotations, citations }: AnswerText): readonly Json[] {
  if (text === "") return [];
  const native = citations?.dialect === "anthropic" ? citations.list : undefined;
  const list = native ?? annotations?.map((one) => citationOf(one, text));
  return [{ type: "text", text, ...(list && list.length > 0 && { citations: list }) }];
}

/** A link another vendor gave: as a search's would be, without the index that only Anthropic knows. */
export function citationOf({ url_citation: link }: Annotation, text: string): Json {
  return {
    type: "web_search_result_location",
    url: link.url,
    title: link.title,
    cited_text: text.slice(link.start_index, link.end_index),
    encrypted_index: "",
  };
}

export function thinkingBlock(thinking: string, signature = ""): Json {
  return { type: "thinking", thinking, signature };
}

export function redactedBlock(data: Signature): Json {
  return { type: "redacted_thinking", data: carrySignature({ signature: data, place: "thought" }) };
}

/** Another vendor's proof of what stands beside it. */
export function signatureBlock(
  signature: Signature | undefined,
  place: "call" | "text",
): readonly Json[] {
  if (!signature || signature.vendor === "anthropic") return [];
  return [thinkingBlock("", carrySignature({ signature, place }))];
}

/** As it begins in a stream: its input comes after. */
export function callBlock(call: {
  readonly id: string;
  readonly name: string;
  readonly more?: NativeMembers;
}): Json {
  const more = call.more?.dialect === "anthropic" ? call.more.members : {};
  return { type: "tool_use", id: call.id, name: call.name, input: {}, ...more };
}
