import { isRecord, parseJson } from "@headgate/core";
import type { ChatEvent } from "../../chat/chat-event.ts";
import type { ChatRequest } from "../../chat/chat-request.ts";
import type { ApiError } from "../api-error.ts";
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
    const events = this.#read(this.#frames.end());
    if (!this.complete) {
      const error = errorOfValue(parseJson(Buffer.from(this.#stray, "latin1").toString()));
      if (error) return [...events, ...this.#reader.fail(error)];
    }
    return [...events, ...this.#reader.end()];
  }

  #read(frames: readonly SseEvent[]): readonly ChatEvent[] {
    const events = frames.flatMap(({ data }) => this.#readEvent(data));
    if (!this.#frames.broken || this.complete) return events;
    return [...events, ...this.#reader.fail(unreadable("an event too long to be one"))];
  }

  #readEvent(data: string): readonly ChatEvent[] {
    if (data === "" || data === "[DONE]") return [];
    const value = parseJson(data);
    if (Array.isArray(value)) return value.flatMap((each) => this.#reader.read(each));
    if (isRecord(value)) return this.#reader.read(value);
    return this.complete ? [] : this.#reader.fail(unreadable("an event that is not JSON"));
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

function unreadable(what: string): ApiError {
  return { kind: "server_error", message: `Google sent ${what}.`, status: 502 };
}
