import { isRecord } from "@headgate/core";
import type { ReasoningPart, RedactedReasoningPart, Signature } from "../../chat/chat-request.ts";
import { type Json, optionalList, optionalString } from "../members.ts";
import { isEnvelope, openEnvelope } from "./reasoning-envelope.ts";

export interface ReadReasoning {
  readonly parts: readonly (ReasoningPart | RedactedReasoningPart)[];
  /** State of the text before the item. */
  readonly textSignature?: Signature;
}

/**
 * A reasoning item: a thought, a thought that is not shown, or what a vendor wants back of something
 * else (of calls: `callSignatures`). One that says nothing at all is no part.
 */
export function readReasoning(item: Json, param: string): ReadReasoning {
  const text = thoughtOf(item, param);
  const content = optionalString(item["encrypted_content"], `${param}.encrypted_content`);
  if (content === undefined) return shown(text);
  if (!isEnvelope(content)) return signed(text, { vendor: "openai", value: content });
  const envelope = openEnvelope(content);
  if (!envelope) return shown(text);
  const { belongsTo, signature } = envelope;
  switch (belongsTo.kind) {
    case "reasoning":
      return { parts: [{ type: "reasoning", text, signature }] };
    case "redacted":
      return { parts: [{ type: "redacted-reasoning", data: signature }] };
    case "text":
      return { parts: [], textSignature: signature };
    case "call":
      return { parts: [] };
  }
}

/** The whole thought where it is shown, else its summary. */
function thoughtOf(item: Json, param: string): string {
  const content = textsOf(item["content"], `${param}.content`);
  const summary = textsOf(item["summary"], `${param}.summary`);
  return content.length > 0 ? content.join("") : summary.join("\n\n");
}

function textsOf(value: unknown, param: string): readonly string[] {
  return optionalList(value, param).flatMap((part) => {
    const text = isRecord(part) ? part["text"] : undefined;
    return typeof text === "string" ? [text] : [];
  });
}

function shown(text: string): ReadReasoning {
  return { parts: text === "" ? [] : [{ type: "reasoning", text }] };
}

function signed(text: string, signature: Signature): ReadReasoning {
  if (text === "") return { parts: [{ type: "redacted-reasoning", data: signature }] };
  return { parts: [{ type: "reasoning", text, signature }] };
}
