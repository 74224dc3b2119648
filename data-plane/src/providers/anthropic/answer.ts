import { isRecord } from "@headgate/core";
import type { ChatEvent, StartEvent } from "../../chat/chat-event.ts";
import type { ChatRequest } from "../../chat/chat-request.ts";
import { AnswerBlocks } from "./answer-blocks.ts";
import { anthropicError } from "./classify-error.ts";
import { finishFromAnthropic } from "./finish-reason.ts";
import { usageFromAnthropic } from "./usage.ts";

type Json = Readonly<Record<string, unknown>>;

/** https://platform.claude.com/docs/en/api/messages/create#returns */
export function anthropicAnswer(body: unknown, request: ChatRequest): readonly ChatEvent[] {
  if (!isRecord(body)) return [noMessage];
  const content = body["content"];
  if (body["type"] === "error" || !Array.isArray(content)) {
    const error = anthropicError(body);
    return [error ? { type: "error", error } : noMessage];
  }
  const blocks = new AnswerBlocks(request);
  const parts = content.flatMap((block, index) =>
    isRecord(block) ? [...blocks.start(index, block), ...blocks.stop(index)] : [],
  );
  const usage = usageFromAnthropic(body["usage"]);
  return [
    startEvent(body),
    ...parts,
    finishEvent(body, blocks.onlyJsonAnswer),
    ...(usage ? [{ type: "usage", usage } as const] : []),
  ];
}

export function startEvent(message: Json): StartEvent {
  const { id, model, usage } = message;
  const tier = isRecord(usage) ? usage["service_tier"] : undefined;
  return {
    type: "start",
    ...(typeof id === "string" && { id }),
    ...(typeof model === "string" && { model }),
    ...(typeof tier === "string" && { serviceTier: tier }),
  };
}

/** @param onlyJsonAnswer the call that ended the answer was the answer. */
export function finishEvent(ending: Json, onlyJsonAnswer: boolean): ChatEvent {
  const reason = ending["stop_reason"];
  const sequence = ending["stop_sequence"];
  const told = typeof reason === "string" ? reason : "end_turn";
  const native = onlyJsonAnswer && told === "tool_use" ? "end_turn" : told;
  return {
    type: "finish",
    choice: 0,
    reason: finishFromAnthropic(native),
    native,
    ...(typeof sequence === "string" && { stopSequence: sequence }),
  };
}

const noMessage: ChatEvent = {
  type: "error",
  error: {
    kind: "server_error",
    message: "The provider answered with JSON that is not a message.",
    status: 502,
  },
};
