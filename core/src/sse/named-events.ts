/**
 * Cuts an event stream that is passed on into its whole events, bytes untouched, however the network
 * split it. Unlike a parser it keeps what it does not understand, and tells where the data stands, so
 * that one event can be changed and all others go on as they came.
 *
 * Framing: https://html.spec.whatwg.org/multipage/server-sent-events.html, events end with an empty
 * line (LF or CRLF; a lone CR is not used by any provider).
 */
export class NamedEvents {
  #pieces: Buffer[] = [];
  #heldBytes = 0;
  /** What is under way is too long to hold, and passed on in pieces up to its end. */
  #passing = false;

  /** The events that are whole now. */
  push(chunk: Buffer): readonly NamedEvent[] {
    // Without a line end no event can end: do not join what comes byte by byte time and again.
    if (!chunk.includes(lf)) return this.#hold(chunk);
    let bytes = this.#held(chunk);
    const events: NamedEvent[] = [];
    for (let end = eventEnd(bytes); end > 0; end = eventEnd(bytes)) {
      events.push(this.#event(bytes.subarray(0, end)));
      bytes = bytes.subarray(end);
    }
    events.push(...this.#hold(bytes));
    return events;
  }

  /** The stream was closed: what is still held, if anything. Some servers leave out the last empty line. */
  end(): NamedEvent | undefined {
    const rest = this.#held(empty);
    return rest.length === 0 ? undefined : this.#event(rest);
  }

  #event(bytes: Buffer): NamedEvent {
    const whole = !this.#passing;
    this.#passing = false;
    return whole ? readEvent(bytes) : { bytes, name: undefined, data: undefined };
  }

  #held(chunk: Buffer): Buffer {
    if (this.#pieces.length === 0) return chunk;
    const bytes = Buffer.concat([...this.#pieces, chunk]);
    this.#pieces = [];
    this.#heldBytes = 0;
    return bytes;
  }

  #hold(piece: Buffer): readonly NamedEvent[] {
    if (piece.length === 0) return [];
    this.#pieces.push(piece);
    this.#heldBytes += piece.length;
    if (this.#heldBytes <= eventBytesMax) return [];
    const bytes = this.#held(empty);
    const name = this.#passing ? undefined : readEvent(bytes).name;
    this.#passing = true;
    return [{ bytes, name, data: undefined }];
  }
}

export interface NamedEvent {
  /** As they came, with the empty line that ends the event. */
  readonly bytes: Buffer;
  /** The `event:` field. */
  readonly name: string | undefined;
  /** The `data:` field; undefined if there is none, or if the event was too long to hold. */
  readonly data: Buffer | undefined;
}

/** The event with other data and, if it has a name, another name; its framing and comments stay. */
export function rewriteEvent(event: NamedEvent, data: Uint8Array, name = event.name): Buffer {
  const lines = linesOf(event.bytes);
  const first = lines.findIndex(({ field }) => field === "data");
  const pieces = lines.map(({ field, raw }, index) => {
    if (field === "event" && name !== event.name) return Buffer.from(`event: ${name}${endOf(raw)}`);
    if (field !== "data") return raw;
    if (index !== first) return empty;
    return Buffer.concat([Buffer.from("data: "), data, Buffer.from(endOf(raw))]);
  });
  return Buffer.concat(pieces);
}

/** An event that is longer is passed on unread. Images come within events, in base64. */
const eventBytesMax = 16 * 1024 * 1024;
const empty = Buffer.alloc(0);
const lf = 0x0a;
const cr = 0x0d;

/** Offset behind the first empty line that ends an event, or 0. */
function eventEnd(bytes: Buffer): number {
  for (let at = bytes.indexOf(lf); at >= 0; at = bytes.indexOf(lf, at + 1)) {
    if (bytes[at + 1] === lf) return at + 2;
    if (bytes[at + 1] === cr && bytes[at + 2] === lf) return at + 3;
  }
  return 0;
}

function readEvent(bytes: Buffer): NamedEvent {
  let name: string | undefined;
  const data: Buffer[] = [];
  for (const { field, value } of linesOf(bytes)) {
    if (field === "event") name = value.toString("utf8");
    else if (field === "data") data.push(...(data.length > 0 ? [newline, value] : [value]));
  }
  const [only] = data;
  return { bytes, name, data: data.length > 1 ? Buffer.concat(data) : only };
}

const newline = Buffer.from("\n");

interface Line {
  readonly field: "event" | "data" | "other";
  /** With its end. */
  readonly raw: Buffer;
  readonly value: Buffer;
}

function linesOf(bytes: Buffer): readonly Line[] {
  const lines: Line[] = [];
  for (let start = 0; start < bytes.length; ) {
    const at = bytes.indexOf(lf, start);
    const end = at < 0 ? bytes.length : at + 1;
    lines.push(readLine(bytes.subarray(start, end)));
    start = end;
  }
  return lines;
}

function readLine(raw: Buffer): Line {
  const end = raw.length - endOf(raw).length;
  const head = raw.toString("latin1", 0, 6);
  const field = head.startsWith("data:") ? "data" : head === "event:" ? "event" : "other";
  if (field === "other") return { field, raw, value: empty };
  const start = field === "data" ? 5 : 6;
  return { field, raw, value: raw.subarray(raw[start] === 0x20 ? start + 1 : start, end) };
}

function endOf(raw: Buffer): string {
  if (raw[raw.length - 1] !== lf) return "";
  return raw[raw.length - 2] === cr ? "\r\n" : "\n";
}
