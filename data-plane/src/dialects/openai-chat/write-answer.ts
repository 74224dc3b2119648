import { isRecord } from "@headgate/core";
import type { AnswerChoice, AnswerPart, AnswerText, ChatAnswer } from "../../chat/chat-answer.ts";
import type { ToolCallPart } from "../../chat/chat-request.ts";
import type { WriteContext } from "../dialect.ts";
import { extraContent } from "./extra-content.ts";
import { asksWithFunctions, writeFinish } from "./function-mode.ts";
import { encryptedReasoning, type ReasoningDetail, reasoningText } from "./reasoning-details.ts";
import { isServiceTier } from "./service-tier.ts";
import { writeUsage } from "./write-usage.ts";

/**
 * A whole answer as OpenAI would give it. Parts that only another vendor understands (its server
 * tools' calls and results) have no place in it, and are left out.
 *
 * https://platform.openai.com/docs/api-reference/chat/object
 */
export function writeAnswer(
  answer: ChatAnswer,
  context: WriteContext,
): Readonly<Record<string, unknown>> {
  const functions = asksWithFunctions(context.request);
  return {
    id: answer.id ?? `chatcmpl-${context.requestId}`,
    object: "chat.completion",
    created: answer.createdS ?? context.createdS,
    model: answer.model ?? context.model,
    choices: answer.choices.map((choice, index) => writeChoice(choice, index, functions)),
    ...(answer.usage && { usage: writeUsage(answer.usage) }),
    ...(isServiceTier(answer.serviceTier) && { service_tier: answer.serviceTier }),
    ...(answer.systemFingerprint !== undefined && {
      system_fingerprint: answer.systemFingerprint,
    }),
  };
}

function writeChoice({ parts, finish }: AnswerChoice, index: number, functions: boolean): object {
  const texts = parts.filter((part) => part.type === "text");
  const logprobs = texts.flatMap((text) => text.logprobs ?? []);
  return {
    index,
    message: writeMessage(parts, texts, functions),
    logprobs: logprobs.length > 0 ? { content: logprobs, refusal: null } : null,
    finish_reason: writeFinish(finish.reason, functions),
  };
}

function writeMessage(
  parts: readonly AnswerPart[],
  texts: readonly AnswerText[],
  functions: boolean,
): object {
  const calls = parts.filter((part) => part.type === "tool-call");
  const refusal = parts.flatMap((part) => (part.type === "refusal" ? [part.text] : []));
  const content = texts.length > 0 ? texts.map(({ text }) => text).join("") : null;
  return {
    role: "assistant",
    content: content ?? (calls.length > 0 || refusal.length > 0 ? null : ""),
    refusal: refusal.length > 0 ? refusal.join("") : null,
    ...writeReasoning(parts),
    ...writeOpaque(parts, functions ? [] : calls.map(writeToolCall)),
    ...(functions && calls[0] && { function_call: writeFunction(calls[0]) }),
    ...writeTextState(texts),
  };
}

/** Sources of the text, and the vendor's state bound to it. */
function writeTextState(texts: readonly AnswerText[]): object {
  const annotations = texts.flatMap((text) => text.annotations ?? []);
  const signature = texts.findLast((text) => text.signature)?.signature;
  return {
    ...(annotations.length > 0 && { annotations }),
    ...(signature && { extra_content: extraContent(signature) }),
  };
}

function writeReasoning(parts: readonly AnswerPart[]): object {
  const text = parts.map((part) => (part.type === "reasoning" ? part.text : "")).join("");
  const details: ReasoningDetail[] = [];
  for (const part of parts) {
    if (part.type === "redacted-reasoning") {
      details.push(encryptedReasoning(details.length, part.data));
    } else if (part.type === "reasoning" && part.signature) {
      details.push(reasoningText(details.length, part.text, part.signature));
    }
  }
  return {
    ...(text !== "" && { reasoning_content: text }),
    ...(details.length > 0 && { reasoning_details: details }),
  };
}

function writeToolCall(call: ToolCallPart): object {
  return {
    id: call.id,
    type: "function",
    function: writeFunction(call),
    ...(call.signature && { extra_content: extraContent(call.signature) }),
  };
}

function writeFunction({ name, arguments: text }: ToolCallPart): object {
  return { name, arguments: text };
}

/** OpenAI's own: sound, images, and calls of custom tools. */
function writeOpaque(parts: readonly AnswerPart[], calls: readonly object[]): object {
  const values = parts.flatMap((part) =>
    part.type === "opaque" && part.dialect === "openai" && isRecord(part.value) ? [part.value] : [],
  );
  const custom = values.filter(({ type }) => type === "custom");
  const images = values.filter(({ type }) => type === "image_url");
  const audio = values.find(({ type }) => type === "audio")?.["audio"];
  const allCalls = [...calls, ...custom];
  return {
    ...(allCalls.length > 0 && { tool_calls: allCalls }),
    ...(images.length > 0 && { images }),
    ...(audio !== undefined && { audio }),
  };
}
