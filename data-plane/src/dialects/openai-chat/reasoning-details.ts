import { isRecord } from "@headgate/core";
import type { ReasoningPart, RedactedReasoningPart, Signature } from "../../chat/chat-request.ts";

/**
 * Thoughts with the vendor's proof of them, for which OpenAI's dialect has no place: a list in
 * `reasoning_details` beside the message's content, written so and read back so. Members and types
 * are OpenRouter's, which many clients give back as they got them; `vendor` is ours and says who
 * can read the signature.
 *
 *     {"type":"reasoning.text","index":0,"text":"..","signature":"..","vendor":"anthropic"}
 *     {"type":"reasoning.encrypted","index":1,"data":"..","vendor":"openai"}
 *
 * https://openrouter.ai/docs/use-cases/reasoning-tokens#preserving-reasoning-blocks
 */
export type ReasoningDetail = ReasoningText | EncryptedReasoning;

interface ReasoningText {
  readonly type: "reasoning.text";
  readonly index: number;
  readonly text: string;
  readonly signature: string;
  readonly vendor: Signature["vendor"];
}

interface EncryptedReasoning {
  readonly type: "reasoning.encrypted";
  readonly index: number;
  readonly data: string;
  readonly vendor: Signature["vendor"];
}

export function reasoningText(index: number, text: string, signature: Signature): ReasoningText {
  const { vendor, value } = signature;
  return { type: "reasoning.text", index, text, signature: value, vendor };
}

export function encryptedReasoning(index: number, data: Signature): EncryptedReasoning {
  return { type: "reasoning.encrypted", index, data: data.value, vendor: data.vendor };
}

/** What a message's `reasoning_details` says; what is no detail is left out. */
export function readReasoningDetails(
  list: unknown,
): readonly (ReasoningPart | RedactedReasoningPart)[] {
  const details: readonly unknown[] = Array.isArray(list) ? list : [];
  return details.flatMap((detail) => {
    const part = isRecord(detail) ? readDetail(detail) : undefined;
    return part ? [part] : [];
  });
}

function readDetail(
  detail: Readonly<Record<string, unknown>>,
): ReasoningPart | RedactedReasoningPart | undefined {
  const { type, text, summary, signature, data } = detail;
  const vendor = vendorOf(detail);
  if (type === "reasoning.encrypted") {
    return typeof data === "string" && data !== ""
      ? { type: "redacted-reasoning", data: { vendor, value: data } }
      : undefined;
  }
  const words = type === "reasoning.summary" ? summary : text;
  const signed = typeof signature === "string" && signature !== "";
  if (typeof words !== "string" && !signed) return undefined;
  return {
    type: "reasoning",
    text: typeof words === "string" ? words : "",
    ...(signed && { signature: { vendor, value: signature } }),
  };
}

/** Ours, or by OpenRouter's `format`: "anthropic-claude-v1", "google-gemini-v1", .. */
export function vendorOf({
  vendor,
  format,
}: Readonly<Record<string, unknown>>): Signature["vendor"] {
  if (vendor === "anthropic" || vendor === "gemini" || vendor === "openai") return vendor;
  if (typeof format !== "string" || vendor !== undefined) return "other";
  if (format.startsWith("anthropic")) return "anthropic";
  if (format.startsWith("google")) return "gemini";
  return format.startsWith("openai") ? "openai" : "other";
}
