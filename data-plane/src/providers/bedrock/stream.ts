import { isRecord, parseJson } from "@headgate/core";
import type { ChatEvent } from "../../chat/chat-event.ts";
import type { ChatRequest } from "../../chat/chat-request.ts";
import { type AwsEvent, AwsEventStream } from "../framing/aws-event-stream.ts";
import type { StreamReader } from "../provider-api.ts";
import { errorOfType } from "./classify-error.ts";
import { ConverseReader } from "./converse-reader.ts";

/**
 * One streamed answer of Converse.
 *
 * ```
 * open -- messageStop --> finished -- metadata, or the stream's end --> whole
 * open, finished -- an exception, damage --> failed
 * ```
 * Usage comes in `metadata`, after the answer's end: an answer without it is whole all the same,
 * if the stream ends between two messages.
 */
export class ConverseStream implements StreamReader {
  readonly #messages = new AwsEventStream();
  readonly #reader: ConverseReader;
  #state: "open" | "finished" | "whole" | "failed" = "open";

  constructor(request: ChatRequest) {
    this.#reader = new ConverseReader(request);
  }

  get complete(): boolean {
    return this.#state === "whole" || this.#state === "failed";
  }

  push(chunk: Buffer): readonly ChatEvent[] {
    const events = this.#messages.push(chunk).flatMap((message) => this.#read(message));
    if (!this.#messages.broken || this.#state === "failed") return events;
    return [...events, ...this.#fail("The stream is damaged: a checksum or a length is wrong.")];
  }

  end(): readonly ChatEvent[] {
    if (this.#state === "finished" && !this.#messages.partial) this.#state = "whole";
    return [];
  }

  #read({ kind, type, body }: AwsEvent): readonly ChatEvent[] {
    if (this.#state === "failed") return [];
    const payload = parseJson(body);
    if (kind === "exception") return this.#except(type, payload);
    if (!isRecord(payload)) return this.#fail(`The stream's ${type} event is not JSON.`);
    const events = this.#reader.read(type, payload);
    if (events.some((event) => event.type === "error")) this.#state = "failed";
    else if (events.some((event) => event.type === "finish")) this.#state = "finished";
    else if (type === "metadata" && this.#state === "finished") this.#state = "whole";
    return events;
  }

  #except(type: string, payload: unknown): readonly ChatEvent[] {
    this.#state = "failed";
    const { message, originalMessage } = isRecord(payload) ? payload : {};
    const told = [message, originalMessage].find((text) => typeof text === "string");
    return [{ type: "error", error: errorOfType(type, told ?? type, undefined) }];
  }

  #fail(message: string): readonly ChatEvent[] {
    this.#state = "failed";
    return [{ type: "error", error: { kind: "server_error", message, status: 502 } }];
  }
}
