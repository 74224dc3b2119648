import { isRecord, parseJson } from "@headgate/core";
import { anthropicError } from "../providers/anthropic/classify-error.ts";
import { usageFromAnthropic } from "../providers/anthropic/usage.ts";
import { AnthropicRelayStream } from "./anthropic-stream.ts";
import type { Conversion, PlainResult } from "./conversion.ts";

/** Client and provider both speak Anthropic's dialect: what it answers is passed on untouched. */
export function anthropicRelay(requestId: string | null = null): Conversion {
  return {
    translates: false,
    passesOn: true,
    streamType: /^text\/event-stream\b/i,
    plain: plainAnswer,
    stream: () => new AnthropicRelayStream(requestId),
  };
}

function plainAnswer(body: Buffer): PlainResult {
  if (body.length === 0) return { kind: "invalid", what: "an empty body" };
  const value = parseJson(body.toString("utf8"));
  if (value === undefined) return { kind: "invalid", what: "a body that is not JSON" };
  if (!isRecord(value)) return { kind: "invalid", what: "JSON that is not a message" };
  const error = "content" in value ? undefined : anthropicError(value);
  if (error) return { kind: "error", error };
  return { kind: "answer", body, usage: usageFromAnthropic(value["usage"]) };
}
