import { createHash } from "node:crypto";
import { isRecord } from "@headgate/core";
import type { ChatEvent, StartEvent } from "../../chat/chat-event.ts";
import type { ChatRequest } from "../../chat/chat-request.ts";
import { errorOfMessage } from "./classify-error.ts";
import { finishReason } from "./finish-reason.ts";
import type { Json } from "./json.ts";
import { logprobsOf } from "./logprobs.ts";
import { usageFromOllama } from "./usage.ts";

/**
 * Reads an answer piece by piece. A whole answer is one piece, which has everything.
 * https://docs.ollama.com/api/chat, https://docs.ollama.com/api/generate
 */
export class PieceReader {
  /** Calls of the conversation so far: no id that we make up is used twice. */
  readonly #callsBefore: number;
  #started = false;
  #calls = 0;

  constructor({ messages }: ChatRequest) {
    const parts = messages.flatMap((message) =>
      message.role === "assistant" ? message.content : [],
    );
    this.#callsBefore = parts.filter(({ type }) => type === "tool-call").length;
  }

  read(piece: Json): readonly ChatEvent[] {
    const { error, message, response, thinking, logprobs } = piece;
    if (error !== undefined && error !== null) return [failed(error)];
    const events: ChatEvent[] = this.#started ? [] : [startOf(piece)];
    this.#started = true;
    const said = isRecord(message) ? message : { content: response, thinking };
    events.push(...saidEvents(said, logprobs), ...this.#callEvents(said, piece));
    if (piece["done"] === true) events.push(...this.#end(piece));
    return events;
  }

  /** Calls come whole, with their arguments as an object. */
  #callEvents({ tool_calls: calls }: Json, { created_at: createdAt }: Json): readonly ChatEvent[] {
    if (!Array.isArray(calls)) return [];
    return calls.filter(isRecord).flatMap((call): readonly ChatEvent[] => {
      const { name, arguments: input } = isRecord(call["function"]) ? call["function"] : {};
      const place = { choice: 0, index: this.#calls++ } as const;
      const id = string(call["id"]) || this.#madeUpId(place.index, string(createdAt));
      const text = typeof input === "string" ? input : JSON.stringify(input ?? {});
      return [
        { type: "tool-call-start", ...place, id, name: string(name) },
        { type: "tool-call-delta", ...place, arguments: text },
      ];
    });
  }

  /** The time of the answer, to the nanosecond, tells it from others. */
  #madeUpId(index: number, createdAt: string): string {
    const seed = `${createdAt} ${this.#callsBefore + index}`;
    return `call_${createHash("sha256").update(seed).digest("hex").slice(0, 24)}`;
  }

  #end(piece: Json): readonly ChatEvent[] {
    const native = string(piece["done_reason"]);
    const reason = finishReason(native, this.#calls);
    const usage = usageFromOllama(piece);
    return [
      { type: "finish", choice: 0, reason, ...(native && { native }) },
      ...(usage ? ([{ type: "usage", usage }] as const) : []),
    ];
  }
}

function startOf({ model, created_at: createdAt }: Json): StartEvent {
  const createdMs = Date.parse(string(createdAt));
  return {
    type: "start",
    ...(typeof model === "string" && { model }),
    ...(!Number.isNaN(createdMs) && { createdS: Math.floor(createdMs / 1000) }),
  };
}

function saidEvents({ content, thinking }: Json, logprobs: unknown): readonly ChatEvent[] {
  const events: ChatEvent[] = [];
  const thought = string(thinking);
  const text = string(content);
  const probabilities = logprobsOf(logprobs);
  if (thought !== "") events.push({ type: "reasoning-delta", choice: 0, text: thought });
  // Those of a piece of thoughts alone are not the text's.
  if (text !== "" || (probabilities && thought === "")) {
    const more = probabilities && { logprobs: probabilities };
    events.push({ type: "text-delta", choice: 0, text, ...more });
  }
  return events;
}

function failed(error: unknown): ChatEvent {
  const told = isRecord(error) ? error["message"] : error;
  const message = typeof told === "string" && told !== "" ? told : "The answer broke off.";
  return { type: "error", error: errorOfMessage(message, 500) };
}

function string(value: unknown): string {
  return typeof value === "string" ? value : "";
}
