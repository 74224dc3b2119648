import { parseExact, parseJson } from "@headgate/core";
import type { ChatEvent } from "../../chat/chat-event.ts";
import type { ChatRequest } from "../../chat/chat-request.ts";
import { type SseEvent, SseEvents } from "../framing/sse-events.ts";
import { errorOfValue } from "../google/google-error.ts";
import type { StreamReader } from "../provider-api.ts";
import { AnswerReader } from "./answer-reader.ts";

/** Reads the answer to `:streamGenerateContent?alt=sse`, which ends without a last word. */
export function geminiStream(request: ChatRequest): StreamReader {
  return new GeminiStream(request);
}

class GeminiStream implements StreamReader {
  readonly #frames = new SseEvents();
  readonly #reader: AnswerReader;
  /** What came after the last event, in latin1: Google tells some errors as bare JSON. */
  #stray = "";

  constructor(request: ChatRequest) {
    this.#reader = new AnswerReader(request);
  }

  get complete(): boolean {
    return this.#reader.complete;
  }

  push(chunk: Buffer): readonly ChatEvent[] {
    const events = this.#frames.push(chunk);
    this.#keepStray(chunk, events.length > 0);
    return this.#read(events);
  }

  end(): readonly ChatEvent[] {
    const last = this.#frames.end();
    // An event cut in the middle says that the stream broke off, and nothing else.
    const events = this.#read(last.filter(({ data }) => parseJson(data) !== undefined));
    if (!this.complete) {
      const bare = parseJson(Buffer.from(this.#stray, "latin1").toString());
      if (errorOfValue(bare)) return [...events, ...this.#readValue(bare)];
    }
    return [...events, ...this.#reader.end()];
  }

  #read(frames: readonly SseEvent[]): readonly ChatEvent[] {
    const events = frames.flatMap(({ data }) => this.#readEvent(data));
    if (!this.#frames.broken || this.complete) return events;
    return [...events, ...this.#reader.unreadable("an event too long to be one")];
  }

  #readEvent(data: string): readonly ChatEvent[] {
    if (data.trim() === "" || data === "[DONE]") return [];
    const value = parseExact(data);
    if (value !== undefined) return this.#readValue(value);
    return this.complete ? [] : this.#reader.unreadable("an event that is not JSON");
  }

  #readValue(value: unknown): readonly ChatEvent[] {
    if (Array.isArray(value)) return value.flatMap((each) => this.#reader.read(each));
    return this.#reader.read(value);
  }

  #keepStray(chunk: Buffer, hadEvents: boolean): void {
    const text = chunk.toString("latin1");
    if (hadEvents) {
      const last = Math.max(text.lastIndexOf("\n\n"), text.lastIndexOf("\r\n\r\n"));
      this.#stray = last < 0 ? "" : text.slice(last);
    } else if (this.#stray.length < strayMax) {
      this.#stray += text;
    }
  }
}

/** Bytes; a piece more may be held. */
const strayMax = 64 * 1024;
