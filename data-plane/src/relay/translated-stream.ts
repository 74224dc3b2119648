import type { Usage } from "@headgate/core";
import type { ChatEvent } from "../chat/chat-event.ts";
import type { ErrorFields, StreamWriter } from "../dialects/dialect.ts";
import { errorFields } from "../dialects/error-fields.ts";
import type { ApiError } from "../providers/api-error.ts";
import type { StreamReader } from "../providers/provider-api.ts";
import type { StreamConversion } from "./conversion.ts";

/** A stream of one vendor written as another's: bytes to events to text. */
export class TranslatedStream implements StreamConversion {
  readonly #reader: StreamReader;
  readonly #writer: StreamWriter;
  #begun = false;
  #ended = false;
  #error: { readonly error: ApiError; readonly first: boolean } | undefined;
  #usage: Usage | undefined;
  #textBytes = 0;

  constructor(reader: StreamReader, writer: StreamWriter) {
    this.#reader = reader;
    this.#writer = writer;
  }

  get begun(): boolean {
    return this.#begun;
  }

  get complete(): boolean {
    return this.#error !== undefined || this.#reader.complete;
  }

  get done(): boolean {
    return this.#error === undefined && this.#reader.complete;
  }

  get error(): StreamConversion["error"] {
    return this.#error;
  }

  get usage(): Usage | undefined {
    return this.#usage;
  }

  get textBytes(): number {
    return this.#textBytes;
  }

  push(chunk: Buffer): Buffer {
    if (this.#error) return empty;
    return bytesOf(this.#take(this.#reader.push(chunk)));
  }

  end(): Buffer {
    if (this.#ended || this.#error) return empty;
    this.#ended = true;
    const text = this.#take(this.#reader.end());
    return bytesOf(this.done ? text + this.#writer.end() : text);
  }

  fail(error: ErrorFields): string {
    return this.#writer.fail(error);
  }

  #take(events: readonly ChatEvent[]): string {
    const failed = events.findIndex(({ type }) => type === "error");
    const good = failed < 0 ? events : events.slice(0, failed);
    for (const event of good) {
      this.#textBytes += textLength(event);
      if (event.type === "usage") this.#usage = event.usage;
      // An answer that says nothing but why it ends is an answer, too.
      else if (event.type !== "start" && event.type !== "part-end") this.#begun = true;
    }
    const text = good.length === 0 ? "" : this.#writer.write(good);
    const failure = events[failed];
    if (failure?.type !== "error") return text;
    this.#error = { error: failure.error, first: !this.#begun };
    return this.#begun ? text + this.#writer.fail(errorFields(failure.error)) : "";
  }
}

const empty = Buffer.alloc(0);

/** Characters: most are a byte. */
function textLength(event: ChatEvent): number {
  if ("text" in event) return event.text.length;
  return event.type === "tool-call-delta" ? event.arguments.length : 0;
}

function bytesOf(text: string): Buffer {
  return text === "" ? empty : Buffer.from(text);
}
