import { isRecord, parseJson, type Usage } from "@headgate/core";
import { anthropicErrorBody } from "../dialects/anthropic/write-error.ts";
import type { ErrorFields } from "../dialects/dialect.ts";
import { anthropicError } from "../providers/anthropic/classify-error.ts";
import { mergeUsage, usageFromAnthropic } from "../providers/anthropic/usage.ts";
import type { StreamConversion } from "./conversion.ts";

type Json = Readonly<Record<string, unknown>>;

/**
 * Follows a stream of Anthropic's that is passed on as it is: whole events only, so that one that is
 * cut in the middle never shows half of it. Events are not parsed; one search per chunk tells whether
 * there is one to look at: the message's start and end, or an error.
 */
export class AnthropicRelayStream implements StreamConversion {
  readonly #requestId: string | null;
  #pieces: Buffer[] = [];
  #heldBytes = 0;
  /** The event under way was too long to hold, and is passed on in pieces. */
  #torn = false;
  #counts: Json = {};
  #begun = false;
  #finished = false;
  #done = false;
  #error: StreamConversion["error"];

  constructor(requestId: string | null) {
    this.#requestId = requestId;
  }

  get begun(): boolean {
    return this.#begun;
  }

  get complete(): boolean {
    return this.#done || this.#finished || this.#error !== undefined;
  }

  get done(): boolean {
    return this.#done;
  }

  get error(): StreamConversion["error"] {
    return this.#error;
  }

  get usage(): Usage | undefined {
    return usageFromAnthropic(this.#counts);
  }

  push(chunk: Buffer): Buffer {
    // Without a line end no event can end: do not join what comes byte by byte time and again.
    if (!chunk.includes(lf)) return this.#hold(chunk);
    const bytes = this.#held(chunk);
    const end = lastEventEnd(bytes);
    const whole = bytes.subarray(0, end);
    if (end > 0) {
      this.#torn = false;
      this.#inspect(whole);
    }
    const rest = this.#hold(bytes.subarray(end));
    return rest.length === 0 ? whole : Buffer.concat([whole, rest]);
  }

  /**
   * A last event that only lacks its empty line is whole, too. So is an answer that has told why it
   * ends and lacks the word for its end, which its clients wait for: it is put there.
   */
  end(): Buffer {
    const rest = this.#held(empty);
    const last = isRecord(parseJson(dataOf(rest.toString("utf8")))) ? rest : empty;
    this.#inspect(last);
    if (!this.#finished || this.#done || this.#error) return last;
    this.#done = true;
    return Buffer.from(`${last.toString("utf8")}${last.length > 0 ? "\n\n" : ""}${messageStop}`);
  }

  fail(error: ErrorFields): string {
    const body = JSON.stringify(anthropicErrorBody(error, this.#requestId));
    return `${this.#torn ? "\n\n" : ""}event: error\ndata: ${body}\n\n`;
  }

  /** What was held, with `chunk` behind it; nothing is held after. */
  #held(chunk: Buffer): Buffer {
    if (this.#pieces.length === 0) return chunk;
    const bytes = Buffer.concat([...this.#pieces, chunk]);
    this.#pieces = [];
    this.#heldBytes = 0;
    return bytes;
  }

  /** Keep part of an event. What is too long to hold is passed on unread. */
  #hold(piece: Buffer): Buffer {
    if (piece.length === 0) return empty;
    this.#pieces.push(piece);
    this.#heldBytes += piece.length;
    if (this.#heldBytes <= eventBytesMax) return empty;
    this.#begun = true;
    this.#torn = true;
    return this.#held(empty);
  }

  #inspect(bytes: Buffer): void {
    // Latin-1 makes one character of each byte, and searching is fast.
    if (!interesting.test(bytes.toString("latin1"))) return;
    for (const event of bytes.toString("utf8").split(/\n\r?\n/)) {
      if (!this.#begun && begins.test(event)) this.#begun = true;
      else if (looked.test(event)) this.#look(parseJson(dataOf(event)));
    }
  }

  #look(event: unknown): void {
    if (!isRecord(event) || this.#error) return;
    switch (event["type"]) {
      case "message_start":
        this.#count(isRecord(event["message"]) ? event["message"]["usage"] : undefined);
        break;
      case "message_delta": {
        const { delta, usage } = event;
        this.#count(usage);
        this.#finished ||= isRecord(delta) && typeof delta["stop_reason"] === "string";
        // An answer that says nothing but why it ends is an answer, too.
        this.#begun ||= this.#finished;
        break;
      }
      case "message_stop":
        this.#done = true;
        break;
      case "error": {
        const error = anthropicError(event);
        if (error) this.#error = { error, first: !this.#begun };
      }
    }
  }

  #count(usage: unknown): void {
    this.#counts = mergeUsage(this.#counts, usage);
  }
}

/** Within the text of an answer the quotes would be escaped. */
const interesting = /"type"\s*:\s*"(?:content_block_start|message_(?:start|delta|stop)|error)"/;
const begins = /"type"\s*:\s*"content_block_start"/;
const looked = /"type"\s*:\s*"(?:message_(?:start|delta|stop)|error)"/;

const messageStop = 'event: message_stop\ndata: {"type":"message_stop"}\n\n';
const empty = Buffer.alloc(0);
/** An event that is longer is passed on unread: the results of searches reach some 100 KiB. */
const eventBytesMax = 1024 * 1024;
const lf = 0x0a;
const cr = 0x0d;

/** Offset behind the last empty line, or 0. */
function lastEventEnd(bytes: Buffer): number {
  const length = bytes.length;
  if (bytes[length - 1] === lf) {
    const before = bytes[length - 2];
    if (before === lf || (before === cr && bytes[length - 3] === lf)) return length;
  }
  const unix = bytes.lastIndexOf("\n\n");
  const dos = bytes.lastIndexOf("\n\r\n");
  return Math.max(unix >= 0 ? unix + 2 : 0, dos >= 0 ? dos + 3 : 0);
}

/** The data of one event. */
function dataOf(event: string): string {
  return event
    .split(/\r?\n/)
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice(line[5] === " " ? 6 : 5))
    .join("\n");
}
