import { isRecord, parseExact, parseJson } from "@headgate/core";
import type { ChatEvent } from "../../chat/chat-event.ts";
import type { ChatRequest } from "../../chat/chat-request.ts";
import { NdjsonLines } from "../framing/ndjson-lines.ts";
import type { StreamReader } from "../provider-api.ts";
import { PieceReader } from "./piece-reader.ts";

/** One streamed answer: a piece per line, the last with `done: true`. */
export class OllamaStream implements StreamReader {
  readonly #lines = new NdjsonLines();
  readonly #reader: PieceReader;
  #complete = false;

  constructor(request: ChatRequest) {
    this.#reader = new PieceReader(request);
  }

  get complete(): boolean {
    return this.#complete;
  }

  push(chunk: Buffer): readonly ChatEvent[] {
    const events = this.#read(this.#lines.push(chunk));
    if (!this.#lines.broken || this.#complete) return events;
    return [...events, this.#unreadable("A line of the stream does not end.")];
  }

  /** A last line may lack its end; one that was cut off is not an answer's end. */
  end(): readonly ChatEvent[] {
    const whole = this.#lines.end().filter((line) => isRecord(parseJson(line)));
    return this.#read(whole);
  }

  #read(lines: readonly string[]): readonly ChatEvent[] {
    return lines.flatMap((line) => {
      if (this.#complete) return [];
      const piece = parseExact(line);
      if (!isRecord(piece)) return [this.#unreadable("A line of the stream is not JSON.")];
      const events = this.#reader.read(piece);
      this.#complete = events.some(({ type }) => type === "finish" || type === "error");
      return events;
    });
  }

  #unreadable(message: string): ChatEvent {
    this.#complete = true;
    return { type: "error", error: { kind: "server_error", message, status: 502 } };
  }
}
