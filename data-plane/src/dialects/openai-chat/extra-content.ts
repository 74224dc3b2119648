import { isRecord } from "@headgate/core";
import type { Signature } from "../../chat/chat-request.ts";

/**
 * State bound to a tool call, or to the text of a message, that is to be given back unread: as
 * Google's own OpenAI-compatible route has it, `"extra_content":{"google":{"thought_signature":".."}}`.
 *
 * https://ai.google.dev/gemini-api/docs/openai#thinking
 */
export interface ExtraContent {
  readonly [vendor: string]: { readonly thought_signature: string };
}

export function extraContent({ vendor, value }: Signature): ExtraContent {
  return { [vendor === "gemini" ? "google" : vendor]: { thought_signature: value } };
}

/** The signature in a holder's `extra_content`, if there is one. */
export function readExtraContent(holder: Readonly<Record<string, unknown>>): {
  signature?: Signature;
} {
  const extra = holder["extra_content"];
  if (!isRecord(extra)) return {};
  for (const [name, vendor] of vendors) {
    const state = extra[name];
    const value = isRecord(state) ? state["thought_signature"] : undefined;
    if (typeof value === "string" && value !== "") return { signature: { vendor, value } };
  }
  return {};
}

const vendors: readonly (readonly [string, Signature["vendor"]])[] = [
  ["google", "gemini"],
  ["anthropic", "anthropic"],
  ["openai", "openai"],
  ["other", "other"],
];
