import type { AssistantPart, Signature } from "../../chat/chat-request.ts";
import { carriedSignature } from "./carried-signature.ts";
import { blocksAt, type Json, optional, recordAt, textAt } from "./checked.ts";
import { readCache, readMore } from "./read-marks.ts";
import { readText } from "./read-parts.ts";

/** What the assistant said: Anthropic, or another vendor whose answer we wrote in its dialect. */
export function readAssistantContent(value: unknown, path: string): readonly AssistantPart[] {
  if (typeof value === "string") return value === "" ? [] : [{ type: "text", text: value }];
  const parts: AssistantPart[] = [];
  let ofNextCall: Signature | undefined;
  for (const [index, one] of blocksAt(value, path).entries()) {
    const at = `${path}[${index}]`;
    const block = recordAt(one, at);
    const carried = carriedBy(block);
    if (carried?.place === "call") ofNextCall = carried.signature;
    else if (carried?.place === "text") signText(parts, carried.signature);
    else {
      const part = readAssistantPart(block, at);
      const signature = part.type === "tool-call" ? ofNextCall : undefined;
      parts.push(signature && part.type === "tool-call" ? { ...part, signature } : part);
      if (signature) ofNextCall = undefined;
    }
  }
  return parts;
}

function readAssistantPart(block: Json, path: string): AssistantPart {
  const type = textAt(block["type"], `${path}.type`);
  switch (type) {
    case "text":
      return readText(block, path);
    case "thinking": {
      const signature = optional(block["signature"], `${path}.signature`, textAt);
      return {
        type: "reasoning",
        text: textAt(block["thinking"], `${path}.thinking`),
        ...(signature && { signature: carriedSignature(signature).signature }),
      };
    }
    case "redacted_thinking": {
      const { signature } = carriedSignature(textAt(block["data"], `${path}.data`));
      return { type: "redacted-reasoning", data: signature };
    }
    case "tool_use":
      return {
        type: "tool-call",
        id: textAt(block["id"], `${path}.id`),
        name: textAt(block["name"], `${path}.name`),
        arguments: JSON.stringify(optional(block["input"], `${path}.input`, recordAt) ?? {}),
        ...readCache(block, path),
        ...readMore(block, ["type", "id", "name", "input"]),
      };
    default:
      return { type: "opaque", dialect: "anthropic", value: block };
  }
}

function carriedBy({ type, signature }: Json): ReturnType<typeof carriedSignature> | undefined {
  return type === "thinking" && typeof signature === "string"
    ? carriedSignature(signature)
    : undefined;
}

function signText(parts: AssistantPart[], signature: Signature): void {
  const last = parts.at(-1);
  if (last?.type === "text") parts.splice(-1, 1, { ...last, signature });
  else parts.push({ type: "text", text: "", signature });
}
