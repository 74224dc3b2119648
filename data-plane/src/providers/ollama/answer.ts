import { isRecord } from "@headgate/core";
import type { ChatEvent } from "../../chat/chat-event.ts";
import type { ChatRequest } from "../../chat/chat-request.ts";
import { PieceReader } from "./piece-reader.ts";

/** The events of a whole answer: of one piece that has everything. */
export function ollamaAnswer(body: unknown, request: ChatRequest): readonly ChatEvent[] {
  if (isRecord(body)) return new PieceReader(request).read(body);
  const message = "The answer is not a JSON object.";
  return [{ type: "error", error: { kind: "server_error", message, status: 502 } }];
}
