import { isRecord, parseJson, recordOf } from "@headgate/core";
import type { ChatEvent } from "../../chat/chat-event.ts";
import type { ChatRequest } from "../../chat/chat-request.ts";
import { type SseEvent, SseEvents } from "../framing/sse-events.ts";
import type { StreamReader } from "../provider-api.ts";
import { finishEvent, startEvent } from "./answer.ts";
import { AnswerBlocks } from "./answer-blocks.ts";
import { anthropicError } from "./classify-error.ts";
import { mergeUsage, usageFromAnthropic } from "./usage.ts";

type Json = Readonly<Record<string, unknown>>;

/**
 * One streamed message: message_start, blocks, message_delta, message_stop; pings in between. The
 * answer is whole when message_stop was seen, and not before.
 * https://platform.claude.com/docs/en/build-with-claude/streaming
 */
export class AnthropicStreamReader implements StreamReader {
  readonly #frames = new SseEvents();
  readonly #blocks: AnswerBlocks;
  #usage: Json = {};
  #ending: Json = {};
  #complete = false;

  constructor(request: ChatRequest) {
    this.#blocks = new AnswerBlocks(request);
  }

  get complete(): boolean {
    return this.#complete;
  }

  push(chunk: Buffer): readonly ChatEvent[] {
    const events = this.#frames.push(chunk).flatMap((frame) => this.#read(frame));
    if (!this.#frames.broken || this.#complete) return events;
    return [...events, this.#failed("The provider's stream is not one of events.")];
  }

  end(): readonly ChatEvent[] {
    // What was cut off in the middle is not JSON any more, and no one's fault but the network's.
    return this.#frames.end().flatMap((frame) => {
      return isRecord(parseJson(frame.data)) ? this.#read(frame) : [];
    });
  }

  #read({ data }: SseEvent): readonly ChatEvent[] {
    if (this.#complete || data === "" || data === "[DONE]") return [];
    const event = parseJson(data);
    if (!isRecord(event)) return [this.#failed("The provider sent an event that is not JSON.")];
    switch (event["type"]) {
      case "message_start":
        return this.#start(recordOf(event["message"]));
      case "content_block_start":
        return this.#blocks.start(indexOf(event), recordOf(event["content_block"]));
      case "content_block_delta":
        return this.#blocks.delta(indexOf(event), recordOf(event["delta"]));
      case "content_block_stop":
        return this.#blocks.stop(indexOf(event));
      case "message_delta":
        this.#ending = { ...this.#ending, ...recordOf(event["delta"]) };
        return this.#used(event["usage"]);
      case "message_stop":
        this.#complete = true;
        return [finishEvent(this.#ending, this.#blocks.onlyJsonAnswer)];
      case "ping":
        return [];
      default:
        return this.#other(event);
    }
  }

  #start(message: Json): readonly ChatEvent[] {
    return [startEvent(message), ...this.#used(message["usage"])];
  }

  /** Counts are totals of the whole message: the last one holds. */
  #used(counts: unknown): readonly ChatEvent[] {
    this.#usage = mergeUsage(this.#usage, counts);
    const usage = isRecord(counts) ? usageFromAnthropic(this.#usage) : undefined;
    return usage ? [{ type: "usage", usage }] : [];
  }

  /** An error, or something new that means nothing to us. */
  #other(event: Json): readonly ChatEvent[] {
    const error = anthropicError(event);
    if (!error) return event["type"] === "error" ? [this.#failed("The provider gave up.")] : [];
    this.#complete = true;
    return [{ type: "error", error }];
  }

  #failed(message: string): ChatEvent {
    this.#complete = true;
    return { type: "error", error: { kind: "server_error", message, status: 502 } };
  }
}

function indexOf({ index }: Json): number {
  return typeof index === "number" ? index : 0;
}
