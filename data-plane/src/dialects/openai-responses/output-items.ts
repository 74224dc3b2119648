import { isRecord } from "@headgate/core";
import type { AnswerText } from "../../chat/chat-answer.ts";
import type { Annotation } from "../../chat/chat-event.ts";
import type { Json } from "../members.ts";
import { customInput } from "./custom-tool.ts";

/** Shapes of output items: https://platform.openai.com/docs/api-reference/responses/object */
export type ItemStatus = "in_progress" | "completed" | "incomplete";

export function messageItem(id: string, status: ItemStatus, content: readonly Json[]): Json {
  return { id, type: "message", status, role: "assistant", content };
}

export function textPart(
  text: string,
  annotations: readonly unknown[],
  logprobs: readonly unknown[],
): Json {
  return { type: "output_text", text, annotations, logprobs };
}

export function refusalPart(refusal: string): Json {
  return { type: "refusal", refusal };
}

/** Thoughts are told as their summary, which is where clients look for what they may show. */
export function reasoningItem(id: string, text: string, sealed: string | undefined): Json {
  const summary = text === "" ? [] : [summaryPart(text)];
  return {
    id,
    type: "reasoning",
    summary,
    ...(sealed !== undefined && { encrypted_content: sealed }),
  };
}

export function summaryPart(text: string): Json {
  return { type: "summary_text", text };
}

export interface CallFields {
  readonly id: string;
  readonly callId: string;
  readonly name: string;
  readonly custom: boolean;
}

export function callItem(
  { id, callId, name, custom }: CallFields,
  status: ItemStatus,
  args: string,
) {
  return custom
    ? {
        id,
        type: "custom_tool_call",
        status,
        call_id: callId,
        name,
        input: args && customInput(args),
      }
    : { id, type: "function_call", status, call_id: callId, name, arguments: args };
}

/** Flat here, and within a member of its own in Chat Completions. */
export function annotationOf({ type, url_citation }: Annotation): Json {
  return { type, ...url_citation };
}

/** All sources of a text that this dialect has words for. */
export function annotationsOf({ annotations = [], citations }: AnswerText): readonly unknown[] {
  if (citations?.dialect === "responses") return citations.list;
  return annotations.map(annotationOf);
}

/** As Chat Completions has them, less that bytes may not be null. */
export function logprobsOf(logprobs: readonly unknown[] | undefined): readonly Json[] {
  return (logprobs ?? []).filter(isRecord).map((entry) => {
    const { token, logprob, bytes, top_logprobs: top } = entry;
    const list = Array.isArray(top) ? top.filter(isRecord) : [];
    return {
      token,
      logprob,
      bytes: bytes ?? [],
      top_logprobs: list.map((other) => ({ ...other, bytes: other["bytes"] ?? [] })),
    };
  });
}
