import type { ChatEvent } from "../../chat/chat-event.ts";
import type { ChatRequest } from "../../chat/chat-request.ts";
import { AnswerReader } from "./answer-reader.ts";

/** A whole answer; also a stream that was not asked for as events, which is a list of chunks. */
export function geminiAnswer(body: unknown, request: ChatRequest): readonly ChatEvent[] {
  const reader = new AnswerReader(request);
  const chunks: readonly unknown[] = Array.isArray(body) ? body : [body];
  return [...chunks.flatMap((chunk) => reader.read(chunk)), ...reader.end()];
}
