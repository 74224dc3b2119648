import type { Signature } from "../../chat/chat-request.ts";

/**
 * Other vendors' proofs of thought have no place in Anthropic's dialect, yet must come back with the
 * conversation (Gemini refuses calls without theirs): they travel as the signature of a thinking
 * block, with a word of whose they are and what they belong to. Anthropic never sees them: its
 * requests leave out what another vendor thought.
 */
export interface CarriedSignature {
  readonly signature: Signature;
  /** What it is bound to: the thought itself, the call after it, or the text before it. */
  readonly place: "thought" | "call" | "text";
}

export function carrySignature({ signature, place }: CarriedSignature): string {
  if (signature.vendor === "anthropic") return signature.value;
  return `headgate.${signature.vendor}.${place}.${signature.value}`;
}

export function carriedSignature(text: string): CarriedSignature {
  const [, vendor, place, value = ""] = carried.exec(text) ?? [];
  if (!isVendor(vendor) || !isPlace(place)) {
    return { signature: { vendor: "anthropic", value: text }, place: "thought" };
  }
  return { signature: { vendor, value }, place };
}

const carried = /^headgate\.([a-z]+)\.([a-z]+)\.(.*)$/s;

function isVendor(vendor: string | undefined): vendor is Signature["vendor"] {
  return vendor === "gemini" || vendor === "openai" || vendor === "other";
}

function isPlace(place: string | undefined): place is CarriedSignature["place"] {
  return place === "thought" || place === "call" || place === "text";
}
