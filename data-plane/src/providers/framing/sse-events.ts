import { StringDecoder } from "node:string_decoder";
import { createParser, type EventSourceParser } from "eventsource-parser";

/** One event of an event stream. */
export interface SseEvent {
  /** The `event:` field. */
  readonly event: string | undefined;
  readonly data: string;
}

/**
 * Cuts an event stream into its events, however the network split it.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export class SseEvents {
  readonly #decoder = new StringDecoder("utf8");
  readonly #parser: EventSourceParser;
  #events: SseEvent[] = [];
  #broken = false;

  constructor() {
    this.#parser = createParser({
      maxBufferSize: eventLengthMax,
      onEvent: ({ event, data }) => void this.#events.push({ event, data }),
      onError: ({ type }) => {
        // Fields that no one knows are to be ignored; anything else ends the stream.
        if (type !== "unknown-field" && type !== "invalid-retry") this.#broken = true;
      },
    });
  }

  /** An event was too long to be one. Nothing more will come. */
  get broken(): boolean {
    return this.#broken;
  }

  push(chunk: Buffer): readonly SseEvent[] {
    return this.#feed(this.#decoder.write(chunk));
  }

  /** The stream ended: a last event may lack its empty line. */
  end(): readonly SseEvent[] {
    return this.#feed(`${this.#decoder.end()}\n\n`);
  }

  #feed(text: string): readonly SseEvent[] {
    if (!this.#broken && text !== "") this.#parser.feed(text);
    const events = this.#events;
    this.#events = [];
    return events;
  }
}

/** Characters. Real ones are below 64 Ki, unless there is an image in them. */
const eventLengthMax = 16 * 1024 * 1024;
