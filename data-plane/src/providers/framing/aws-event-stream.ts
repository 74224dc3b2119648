import { crc32 } from "node:zlib";
import { EventStreamCodec, type Message } from "@smithy/eventstream-codec";

/** One message of an AWS event stream. */
export interface AwsEvent {
  /** `exception`: the service gave up, and `type` says why. */
  readonly kind: "event" | "exception";
  /** The event's name (`contentBlockDelta`) or the exception's (`throttlingException`). */
  readonly type: string;
  /** JSON text. */
  readonly body: string;
}

/**
 * Cuts `application/vnd.amazon.eventstream` into its messages, however the network split it.
 *
 * ```
 * | length 4 | headers' length 4 | CRC of these 4 | headers | body | CRC of all before 4 |
 * ```
 * https://docs.aws.amazon.com/transcribe/latest/dg/event-stream.html
 */
export class AwsEventStream {
  #pieces: Buffer[] = [];
  #held = 0;
  /** Bytes needed before anything can be read. */
  #wanted = preludeLength;
  #broken = false;

  /** A checksum or a length was wrong: nothing after it can be trusted. Nothing more will come. */
  get broken(): boolean {
    return this.#broken;
  }

  /** A message has begun that is not whole yet. */
  get partial(): boolean {
    return this.#held > 0;
  }

  push(chunk: Buffer): readonly AwsEvent[] {
    if (this.#broken) return [];
    // What comes byte by byte is not joined time and again.
    this.#pieces.push(chunk);
    this.#held += chunk.length;
    const events: AwsEvent[] = [];
    while (!this.#broken && this.#held >= this.#wanted) {
      const bytes = this.#join();
      if (this.#wanted === preludeLength) this.#readPrelude(bytes);
      else this.#readMessage(bytes, events);
    }
    if (this.#broken) this.#pieces = [];
    return events;
  }

  #join(): Buffer {
    const [first] = this.#pieces;
    const bytes = first && this.#pieces.length === 1 ? first : Buffer.concat(this.#pieces);
    this.#pieces = [bytes];
    return bytes;
  }

  /** Checked on its own, so that a damaged length does not make us wait for what never comes. */
  #readPrelude(bytes: Buffer): void {
    const length = bytes.readUInt32BE(0);
    const intact = crc32(bytes.subarray(0, 8)) === bytes.readUInt32BE(8);
    if (intact && length >= messageLengthMin && length <= messageLengthMax) this.#wanted = length;
    else this.#broken = true;
  }

  #readMessage(bytes: Buffer, events: AwsEvent[]): void {
    try {
      events.push(eventOf(codec.decode(bytes.subarray(0, this.#wanted))));
    } catch {
      this.#broken = true;
      return;
    }
    const rest = bytes.subarray(this.#wanted);
    this.#pieces = [rest];
    this.#held = rest.length;
    this.#wanted = preludeLength;
  }
}

function eventOf({ headers, body }: Message): AwsEvent {
  const text = (name: string): string => {
    const value = headers[name]?.value;
    return typeof value === "string" ? value : "";
  };
  switch (text(":message-type")) {
    case "exception":
      return { kind: "exception", type: text(":exception-type"), body: utf8(body) };
    // An error no model of the service foresees; its message is a header.
    case "error": {
      const message = JSON.stringify({ message: text(":error-message") });
      return { kind: "exception", type: text(":error-code"), body: message };
    }
    default:
      return { kind: "event", type: text(":event-type"), body: utf8(body) };
  }
}

function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}

const codec = new EventStreamCodec(utf8, (text) => Buffer.from(text));

const preludeLength = 12;
/** Prelude and the checksum at the end. The prelude's own length would be taken for "no message". */
const messageLengthMin = preludeLength + 4;
/** Bytes. Real ones are below 64 Ki, unless there is an image in them. */
const messageLengthMax = 16 * 1024 * 1024;
