import { SseRelay, type SseRelayOptions, type Usage } from "@headgate/core";
import type { ErrorFields } from "../dialects/dialect.ts";
import { openAiErrorEvent } from "../dialects/openai-chat/write-error.ts";
import { classifyErrorInSuccess } from "../providers/openai/classify-error.ts";
import type { StreamConversion } from "./conversion.ts";

/** A stream that is passed on as it comes, with its faults mended. */
export class OpenAiStream implements StreamConversion {
  readonly #relay: SseRelay;
  #error: StreamConversion["error"];

  constructor(options: SseRelayOptions) {
    this.#relay = new SseRelay(options);
  }

  get begun(): boolean {
    return this.#relay.begun;
  }

  get complete(): boolean {
    return this.#relay.complete;
  }

  get done(): boolean {
    return this.#relay.done;
  }

  get error(): StreamConversion["error"] {
    const { error } = this.#relay;
    if (error === undefined) return undefined;
    this.#error ??= { error: classifyErrorInSuccess(error.body), first: error.first };
    return this.#error;
  }

  get usage(): Usage | undefined {
    return this.#relay.usage;
  }

  push(chunk: Buffer): Buffer {
    return this.#relay.push(chunk);
  }

  end(): Buffer {
    return this.#relay.end();
  }

  fail(error: ErrorFields): string {
    return openAiErrorEvent(error);
  }
}
