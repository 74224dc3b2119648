import { isRecord, parseJson } from "@headgate/core";
import type { Signature } from "../../chat/chat-request.ts";

/**
 * Vendors want their state back, and the one place that clients of the Responses API send back
 * unread is the `encrypted_content` of reasoning items. What we put there says whose state it is
 * and what it belongs to: `hg1.` and base64url of JSON. The number is that of the form.
 */
export interface Envelope {
  readonly belongsTo: /** The thought in the same item. */
    | { readonly kind: "reasoning" }
    /** Nothing: it is a thought that is not shown. */
    | { readonly kind: "redacted" }
    /** The text before the item. */
    | { readonly kind: "text" }
    /** The call of this id. */
    | { readonly kind: "call"; readonly callId: string };
  readonly signature: Signature;
}

/** OpenAI's own content stays as it is: it may go back to OpenAI by another way. */
export function sealEnvelope({ belongsTo, signature }: Envelope): string {
  const { vendor, value } = signature;
  if (vendor === "openai" && belongsTo.kind !== "text" && belongsTo.kind !== "call") return value;
  const { kind } = belongsTo;
  const callId = kind === "call" ? belongsTo.callId : undefined;
  const json = JSON.stringify({ kind, vendor, value, callId });
  return prefix + Buffer.from(json).toString("base64url");
}

/** Undefined if it is not one of ours, or was damaged. */
export function openEnvelope(content: string): Envelope | undefined {
  if (!isEnvelope(content)) return undefined;
  const json = parseJson(Buffer.from(content.slice(prefix.length), "base64url").toString("utf8"));
  if (!isRecord(json)) return undefined;
  const signature = readSignature(json["vendor"], json["value"]);
  const belongsTo = readOwner(json["kind"], json["callId"]);
  return signature && belongsTo && { belongsTo, signature };
}

export function isEnvelope(content: unknown): content is string {
  return typeof content === "string" && content.startsWith(prefix);
}

const prefix = "hg1.";

function readSignature(vendor: unknown, value: unknown): Signature | undefined {
  if (typeof value !== "string") return undefined;
  switch (vendor) {
    case "anthropic":
    case "gemini":
    case "openai":
    case "other":
      return { vendor, value };
    default:
      return undefined;
  }
}

function readOwner(kind: unknown, callId: unknown): Envelope["belongsTo"] | undefined {
  switch (kind) {
    case "reasoning":
    case "redacted":
    case "text":
      return { kind };
    case "call":
      return typeof callId === "string" ? { kind, callId } : undefined;
    default:
      return undefined;
  }
}
