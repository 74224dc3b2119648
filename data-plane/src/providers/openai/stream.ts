import { isRecord, parseJson } from "@headgate/core";
import type { ChatEvent } from "../../chat/chat-event.ts";
import { type SseEvent, SseEvents } from "../framing/sse-events.ts";
import type { StreamReader } from "../provider-api.ts";
import { ChunkReader } from "./chunk-reader.ts";

/** https://platform.openai.com/docs/api-reference/chat-streaming */
export class OpenAiStreamReader implements StreamReader {
  readonly #frames = new SseEvents();
  readonly #chunks = new ChunkReader("delta");
  #done = false;

  get complete(): boolean {
    return this.#done || this.#chunks.complete;
  }

  push(chunk: Buffer): readonly ChatEvent[] {
    const events = this.#take(this.#frames.push(chunk));
    if (!this.#frames.broken || this.complete) return events;
    return [...events, this.#chunks.fail("The provider sent an event that is too long to be one.")];
  }

  end(): readonly ChatEvent[] {
    const events = this.#take(this.#frames.end().filter(({ data }) => isWhole(data)));
    return [...events, ...this.#chunks.end(false)];
  }

  #take(frames: readonly SseEvent[]): readonly ChatEvent[] {
    if (frames.length === 0) return none;
    return frames.flatMap(({ data }) => this.#read(data));
  }

  #read(data: string): readonly ChatEvent[] {
    if (this.#done || this.#chunks.failed || data.trim() === "") return none;
    if (data.startsWith("[DONE]")) {
      const events = this.#chunks.end(true);
      this.#done = !this.#chunks.failed;
      return events;
    }
    const value = parseJson(data);
    if (isRecord(value)) return this.#chunks.read(value);
    return [this.#chunks.fail("The provider sent an event that is not JSON.")];
  }
}

const none: readonly ChatEvent[] = [];

/** A last event without its empty line may have been cut short. */
function isWhole(data: string): boolean {
  return data.startsWith("[DONE]") || parseJson(data) !== undefined;
}
