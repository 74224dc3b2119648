import { isRecord } from "../json/is-record.ts";
import { usageFromOpenAi } from "../usage/openai-usage.ts";
import type { Usage } from "../usage/usage.ts";
import { errorInEvent } from "./error-in-event.ts";
import { eventsIn, lastEventEnd, lf, parseEvent } from "./event-bytes.ts";
import { EventShapes } from "./event-shapes.ts";

/**
 * Follows an OpenAI event stream that is passed on as it is, and says what may be
 * forwarded: whole events only, so that a stream cut in the middle of one never
 * shows half of it, and the usage event can be taken out wherever the network
 * split it.
 *
 * Events are not parsed. A few byte searches per chunk tell whether one could be
 * of interest (usage, an error, an end); only those are looked at.
 *
 * With `mend`, events whose shape was not seen before are parsed and mended where they need it;
 * all others go on byte by byte.
 *
 * Framing: https://html.spec.whatwg.org/multipage/server-sent-events.html, events
 * end with an empty line (LF or CRLF; a lone CR is not used by any provider).
 */
export class SseRelay {
  readonly #stripUsage: boolean;
  readonly #mend: MendEvent | undefined;
  readonly #shapes = new EventShapes();
  #pieces: Buffer[] = [];
  #heldBytes = 0;
  #usage: Usage | undefined;
  #done = false;
  #finished = false;
  #error: StreamError | undefined;
  #events = false;

  constructor(options: SseRelayOptions) {
    this.#stripUsage = options.stripUsage;
    this.#mend = options.mend;
  }

  /** Usage as last reported, if it was. */
  get usage(): Usage | undefined {
    return this.#usage;
  }

  /** The first error event, if there was one. */
  get error(): StreamError | undefined {
    return this.#error;
  }

  /** `[DONE]` was seen: the stream is whole. */
  get done(): boolean {
    return this.#done;
  }

  /** True if the stream may end here: it said so, gave a finish reason, or told of an error. */
  get complete(): boolean {
    return this.#done || this.#finished || this.#error !== undefined;
  }

  /** True once there was an event (comments do not count). */
  get begun(): boolean {
    return this.#events;
  }

  /** What of the stream so far is to be forwarded now; possibly nothing. */
  push(chunk: Buffer): Buffer {
    // Without a line end no event can end: do not join what comes byte by byte time and again.
    if (!chunk.includes(lf)) return this.#hold(chunk);
    const bytes = this.#held(chunk);
    const end = lastEventEnd(bytes);
    if (end === bytes.length) return this.#inspect(bytes);
    const whole = end > 0 ? this.#inspect(bytes.subarray(0, end)) : empty;
    const rest = this.#hold(bytes.subarray(end));
    return rest.length === 0 ? whole : Buffer.concat([whole, rest]);
  }

  /**
   * The provider closed the stream. Returns what was still held, if it is the whole last event
   * without the empty line behind it; some servers leave that out.
   */
  end(): Buffer {
    const rest = this.#held(empty);
    if (rest.length === 0 || !isWholeEvent(rest)) return empty;
    return this.#inspect(rest);
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
    this.#pieces.push(piece);
    this.#heldBytes += piece.length;
    if (this.#heldBytes <= eventBytesMax) return empty;
    this.#events = true;
    return this.#held(empty);
  }

  #inspect(bytes: Buffer): Buffer {
    // Latin-1 makes one character of each byte: offsets stay, and searching is fast.
    const text = bytes.toString("latin1");
    if (this.#mend === undefined) return this.#note(bytes, text);
    const known = this.#shapes.apply(text);
    if (known !== undefined) return known === text ? bytes : Buffer.from(known, "latin1");
    const mended = this.#mendEvents(bytes, this.#mend);
    return this.#note(mended, mended === bytes ? text : mended.toString("latin1"));
  }

  /** Mends what needs it, and remembers what it did. */
  #mendEvents(bytes: Buffer, mend: MendEvent): Buffer {
    let changed = false;
    const pieces: Buffer[] = [];
    for (const { start, end } of eventsIn(bytes)) {
      const raw = bytes.subarray(start, end);
      const event = parseEvent(raw);
      const mended = event && mend(event) ? withData(raw, event) : raw;
      changed ||= mended !== raw;
      pieces.push(mended);
      if (event && isPlain(event)) this.#remember(raw, mended);
    }
    return changed ? Buffer.concat(pieces) : bytes;
  }

  #remember(raw: Buffer, mended: Buffer): void {
    const before = raw.toString("latin1");
    // Whether a tool call's delta needs mending may depend on the calls before it.
    if (mended !== raw && before.includes('"function"')) return this.#shapes.forget();
    this.#shapes.learn(before, mended.toString("latin1"));
  }

  #note(bytes: Buffer, text: string): Buffer {
    const begun = this.#events;
    this.#events ||= text.startsWith("data:") || text.includes("\ndata:");
    if (text.includes("[DONE]", text.length - doneSearchBytes) && donePattern.test(text)) {
      this.#done = true;
    }
    this.#finished ||= finishPattern(text);
    if (this.#error === undefined && text.includes('"error')) this.#readError(bytes, begun);
    if (!hasUsage(text)) return bytes;
    return this.#takeUsage(bytes);
  }

  #readError(bytes: Buffer, begun: boolean): void {
    let first = !begun;
    for (const { start, end } of eventsIn(bytes)) {
      const event = parseEvent(bytes.subarray(start, end));
      if (event && errorInEvent(event) !== undefined) {
        this.#error = { body: event, first };
        return;
      }
      if (event !== undefined) first = false;
    }
  }

  /** Note the usage, and leave out the events that hold nothing else, if asked to. */
  #takeUsage(bytes: Buffer): Buffer {
    const kept: Buffer[] = [];
    for (const { start, end } of eventsIn(bytes)) {
      const raw = bytes.subarray(start, end);
      const event = raw.includes('"usage"') ? parseEvent(raw) : undefined;
      const usage = usageFromOpenAi(event?.["usage"]) ?? groqUsage(event);
      if (usage) this.#usage = usage;
      const choices = event?.["choices"];
      const onlyUsage =
        isRecord(event?.["usage"]) && Array.isArray(choices) && choices.length === 0;
      if (!(onlyUsage && this.#stripUsage)) kept.push(raw);
    }
    return Buffer.concat(kept);
  }
}

export interface SseRelayOptions {
  /** Take out the event that holds nothing but usage. */
  readonly stripUsage: boolean;
  readonly mend?: MendEvent;
}

/** Changes an event that does not conform, which is its own to change; false if it does. */
export type MendEvent = (event: Record<string, unknown>) => boolean;

export interface StreamError {
  /** The event's JSON, with its `error`. */
  readonly body: Readonly<Record<string, unknown>>;
  /** No event came before it: the stream never was an answer. */
  readonly first: boolean;
}

const empty = Buffer.alloc(0);
/** An event that is longer is passed on unread. Real ones are below 64 KiB. */
const eventBytesMax = 256 * 1024;
const doneSearchBytes = 32;
const donePattern = /(?:^|\n)data: ?\[DONE\]\s*$/;

/** The event with other data; its other lines, and its line ends, stay. */
function withData(raw: Buffer, event: object): Buffer {
  const lines = raw.toString("utf8").split("\n");
  const at = lines.findIndex((line) => line.startsWith("data:"));
  const lineEnd = lines[at]?.endsWith("\r") ? "\r" : "";
  const data = `data: ${JSON.stringify(event)}${lineEnd}`;
  const kept = lines.flatMap((line, i) => {
    if (i === at) return [data];
    return line.startsWith("data:") ? [] : [line];
  });
  return Buffer.from(kept.join("\n"));
}

/**
 * What was found of it holds for all events of its shape. Not so for usage, which has to be taken
 * out of the stream each time.
 */
function isPlain({ usage, x_groq }: Readonly<Record<string, unknown>>): boolean {
  return !usage && !x_groq;
}

/** A last event that only lacks its empty line: `[DONE]`, or data that is whole JSON. */
function isWholeEvent(raw: Buffer): boolean {
  return donePattern.test(raw.toString("latin1")) || parseEvent(raw) !== undefined;
}

/** `"usage"` with a value other than null. */
function hasUsage(text: string): boolean {
  for (let at = text.indexOf('"usage"'); at >= 0; at = text.indexOf('"usage"', at + 7)) {
    if (text[valueStart(text, at + 7)] !== "n") return true;
  }
  return false;
}

/** `"finish_reason"` with a string. */
function finishPattern(text: string): boolean {
  const name = '"finish_reason"';
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + name.length)) {
    const value = valueStart(text, at + name.length);
    if (text[value] === '"' && text[value + 1] !== '"') return true;
  }
  return false;
}

/** Behind the colon and spaces that follow a key. */
function valueStart(text: string, at: number): number {
  let start = at;
  while (text[start] === " " || text[start] === ":") start += 1;
  return start;
}

/** Groq reports usage beside the last choice, under a name of its own. */
function groqUsage(event: Readonly<Record<string, unknown>> | undefined): Usage | undefined {
  const groq = event?.["x_groq"];
  return isRecord(groq) ? usageFromOpenAi(groq["usage"]) : undefined;
}
