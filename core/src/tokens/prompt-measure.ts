/** What a request's tokens can be told from without a tokenizer. */
export interface PromptMeasure {
  /** Bytes of text, escapes decoded: values and the keys of nested objects; no media. */
  readonly textBytes: number;
  /** Those of them that are not ASCII. */
  readonly wideBytes: number;
  /** Words, numbers and runs of punctuation in the ASCII part: most are one token each. */
  readonly pieces: number;
  /** Members called `role`: turns of the conversation. */
  readonly messages: number;
  /** Functions the model may call. */
  readonly tools: number;
  /** Images and files, inline or by URL. */
  readonly media: number;
}

/**
 * Measure the JSON of a request, whichever dialect it is in, in one pass and without parsing it.
 * Meant for bytes that scanMembers() has accepted; of anything else it makes something, and ends.
 */
export function measurePrompt(body: Uint8Array): PromptMeasure {
  const measure = new Measure(body);
  measure.run();
  // A copy: the measure itself holds on to the body.
  const { textBytes, wideBytes, pieces, messages, tools, media } = measure;
  return { textBytes, wideBytes, pieces, messages, tools, media };
}

/** What a member's value is to the prompt. */
type Kind = "text" | "role" | "tool" | "schema" | "media" | "hidden";

/** Members that are not plain text, by the names that the vendors' dialects have for them. */
const kinds: Readonly<Record<Exclude<Kind, "text">, string>> = {
  role: "role",
  tool: "parameters input_schema inputSchema parametersJsonSchema",
  schema: "schema format",
  media: "data bytes file_data fileData url uri image_url file_url fileUri file_uri images",
  // Not told to the model, or no longer: what it thought before, and how it is to answer.
  hidden:
    "model signature thoughtSignature thought_signature encrypted_content user id tool_call_id " +
    "tool_use_id call_id toolUseId previous_response_id media_type mime_type mimeType file_id " +
    "responseSchema responseJsonSchema response_schema prompt_cache_key safety_identifier type thinking reasoning reasoning_content metadata " +
    "safetySettings safety_settings toolConfig tool_choice service_tier detail",
};

interface KnownKey {
  readonly bytes: Uint8Array;
  readonly kind: Kind;
}

const keysByLength = groupByLength();

const nowhere = Number.POSITIVE_INFINITY;

/** So much text is read whole; of what comes behind it a part of every block. */
const wholeBytes = 1_024;
const blockMinBytes = 2_048;
const blocksMax = 16;
const sampleBytes = 256;

/** Shorter ones in a member for media are names or ids. */
const base64MinBytes = 64;

class Measure implements PromptMeasure {
  readonly #bytes: Uint8Array;
  /** Of the last member seen: an array's items are its name's. */
  #kind: Kind = "text";
  textBytes = 0;
  wideBytes = 0;
  pieces = 0;
  messages = 0;
  tools = 0;
  media = 0;
  #readBytes = 0;
  #depth = 0;
  /** Below this depth is a schema, whose keys are told to the model too. */
  #schemaDepth = nowhere;
  /** Below this depth nothing is told to the model. */
  #hiddenDepth = nowhere;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  run(): void {
    const bytes = this.#bytes;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === quote) at = this.#string(at + 1);
      else if (byte === braceOpen || byte === bracketOpen) this.#depth += 1;
      else if (byte === braceClose || byte === bracketClose) this.#leave(--this.#depth);
      else if (byte >= zero && byte <= nine) at = this.#number(at);
    }
  }

  /** From behind the opening quote; returns where the closing one is. */
  #string(start: number): number {
    const end = endOfString(this.#bytes, start);
    if (this.#isKey(end)) this.#key(start, end);
    else this.#value(start, end);
    return end;
  }

  #isKey(end: number): boolean {
    let at = end + 1;
    while (isSpace(this.#bytes[at])) at += 1;
    return this.#bytes[at] === colon;
  }

  #key(start: number, end: number): void {
    if (this.#depth > this.#hiddenDepth) return;
    if (this.#depth > this.#schemaDepth) {
      this.#kind = "text";
      this.#text(start, end);
      return;
    }
    this.#leave(this.#depth);
    this.#kind = kindOf(this.#bytes, start, end);
    if (this.#kind === "role") this.messages += 1;
    if (this.#kind === "tool") this.tools += 1;
    if (this.#kind === "tool" || this.#kind === "schema") this.#schemaDepth = this.#depth;
    if (this.#kind === "hidden") this.#hiddenDepth = this.#depth;
  }

  /** A member at this depth is over, and what its name meant. */
  #leave(depth: number): void {
    if (depth <= this.#schemaDepth) this.#schemaDepth = nowhere;
    if (depth > this.#hiddenDepth) return;
    this.#hiddenDepth = nowhere;
    this.#kind = "text";
  }

  #value(start: number, end: number): void {
    const kind = this.#kind;
    if (kind === "hidden" || kind === "role") return;
    if (kind === "media" && isMedia(this.#bytes, start, end)) this.media += 1;
    else this.#text(start, end);
  }

  /** A number is read as a token or two, and ids of tokens are one each. */
  #number(start: number): number {
    const bytes = this.#bytes;
    let at = start;
    while (isNumberByte(bytes[at + 1])) at += 1;
    if (this.#kind === "hidden") return at;
    this.textBytes += at + 1 - start;
    this.pieces += 1;
    return at;
  }

  #text(start: number, end: number): void {
    if (this.#readBytes + end - start <= wholeBytes) {
      this.#readBytes += end - start;
      this.#count(start, end, 1);
      return;
    }
    const blockBytes = Math.max(blockMinBytes, Math.ceil((end - start) / blocksMax));
    for (let block = start; block < end; block += blockBytes) {
      const blockEnd = Math.min(block + blockBytes, end);
      const sampleEnd = Math.min(block + sampleBytes, blockEnd);
      this.#count(block, sampleEnd, (blockEnd - block) / (sampleEnd - block));
    }
  }

  /** Each byte stands for `weight` bytes like it. */
  #count(start: number, end: number, weight: number): void {
    const bytes = this.#bytes;
    const runs = new Runs();
    let ascii = 0;
    let wide = 0;
    for (let at = start; at < end; at++) {
      const byte = bytes[at] ?? 0;
      if (byte >= 0x80) {
        wide += 1;
        runs.add(blank);
      } else if (byte !== backslash) {
        ascii += 1;
        runs.add(types[byte] ?? mark);
      } else if (bytes[at + 1] === letterU) {
        const size = escapedSize(bytes, at + 2);
        at += 5;
        if (size === 1) ascii += 1;
        else wide += size;
        runs.add(blank);
      } else {
        ascii += 1;
        at += 1;
        runs.add(bytes[at] === letterN ? line : mark);
      }
    }
    this.textBytes += (ascii + wide) * weight;
    this.wideBytes += wide * weight;
    this.pieces += runs.pieces * weight;
  }
}

/** Counts runs of characters of one type; a long run is several pieces. */
class Runs {
  pieces = 0;
  #type = blank;
  #length = 0;

  add(type: number): void {
    if (type !== this.#type) {
      this.#type = type;
      this.#length = 0;
    }
    if (this.#length % (pieceLength[type] ?? 1) === 0) this.pieces += pieceWeight[type] ?? 0;
    this.#length += 1;
  }
}

const letters = 0;
const digits = 1;
const mark = 2;
const line = 3;
/** Goes with the word behind it. */
const blank = 4;

/** Tokenizers cut numbers after three digits, have most short words whole, and pairs of marks. */
const pieceLength = [8, 3, 2, 4, 1];
const pieceWeight = [1, 1, 1, 1, 0];

/** Of each ASCII character. */
const types = Uint8Array.from({ length: 128 }, (_, byte) => {
  const text = String.fromCharCode(byte);
  if (/[A-Za-z]/.test(text)) return letters;
  if (/\d/.test(text)) return digits;
  return /[ \t]/.test(text) ? blank : mark;
});

function groupByLength(): ReadonlyMap<number, readonly KnownKey[]> {
  const encoder = new TextEncoder();
  const keys = Object.entries(kinds).flatMap(([kind, names]) =>
    names.split(" ").map((name): KnownKey => ({ bytes: encoder.encode(name), kind: kind as Kind })),
  );
  return Map.groupBy(keys, ({ bytes }) => bytes.length);
}

function kindOf(bytes: Uint8Array, start: number, end: number): Kind {
  for (const known of keysByLength.get(end - start) ?? []) {
    if (startsWith(bytes, start, known.bytes)) return known.kind;
  }
  return "text";
}

function startsWith(bytes: Uint8Array, start: number, expected: Uint8Array): boolean {
  for (let index = 0; index < expected.length; index++) {
    if (bytes[start + index] !== expected[index]) return false;
  }
  return true;
}

/** Base64, a data URL, or a URL: what stands in a member for media, and not its text. */
function isMedia(bytes: Uint8Array, start: number, end: number): boolean {
  if (startsWith(bytes, start, dataScheme) || startsWith(bytes, start, httpScheme)) return true;
  if (startsWith(bytes, start, storageScheme)) return true;
  if (end - start < base64MinBytes) return false;
  for (let at = start; at < start + base64MinBytes; at++) {
    if (!isBase64(bytes[at] ?? 0)) return false;
  }
  return true;
}

const dataScheme = new TextEncoder().encode("data:");
const httpScheme = new TextEncoder().encode("http");
const storageScheme = new TextEncoder().encode("gs://");

function isBase64(byte: number): boolean {
  const type = types[byte];
  return type === letters || type === digits || base64Marks.has(byte);
}

/** `+`, `/`, `=`, and `-`, `_` of its URL form; an escaped slash is written with a backslash. */
const base64Marks: ReadonlySet<number> = new Set([0x2b, 0x2f, 0x3d, 0x2d, 0x5f, 0x5c]);

/** Where the closing quote is, or the end of the bytes. Most strings are short; indexOf() is native. */
function endOfString(bytes: Uint8Array, start: number): number {
  let at = start;
  for (const near = Math.min(start + 48, bytes.length); at < near; at++) {
    if (bytes[at] === quote) return at;
    if (bytes[at] === backslash) at += 1;
  }
  for (;;) {
    at = bytes.indexOf(quote, at);
    if (at < 0) return bytes.length;
    let backslashes = 0;
    while (at - 1 - backslashes >= start && bytes[at - 1 - backslashes] === backslash) {
      backslashes += 1;
    }
    if (backslashes % 2 === 0) return at;
    at += 1;
  }
}

/** Bytes of UTF-8 that `\uXXXX` stands for; a half of a pair is half of four. */
function escapedSize(bytes: Uint8Array, at: number): number {
  const [high, next] = [hexValue(bytes[at]), hexValue(bytes[at + 1])];
  const top = high * 16 + next;
  if (top === 0) return hexValue(bytes[at + 2]) < 8 ? 1 : 2;
  if (top < 0x08) return 2;
  return top >= 0xd8 && top <= 0xdf ? 2 : 3;
}

function hexValue(byte: number | undefined): number {
  return byte === undefined ? 0 : Number.parseInt(String.fromCharCode(byte), 16) || 0;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function isNumberByte(byte: number | undefined): boolean {
  return byte !== undefined && ((byte >= zero && byte <= nine) || numberMarks.has(byte));
}

/** `.`, `+`, `-`, `e`, `E`. */
const numberMarks: ReadonlySet<number> = new Set([0x2e, 0x2b, 0x2d, 0x65, 0x45]);
const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;
const braceOpen = 0x7b;
const braceClose = 0x7d;
const bracketOpen = 0x5b;
const bracketClose = 0x5d;
const zero = 0x30;
const nine = 0x39;
const letterN = 0x6e;
const letterU = 0x75;
