/**
 * Find members of a JSON object without parsing it: where they stand, and what
 * type their values are, so that one value can be replaced in place and the
 * other bytes go on untouched.
 *
 * The grammar (RFC 8259) is checked everywhere except inside strings, which are
 * skipped: escapes, control characters and UTF-8 are left to whoever parses them.
 * A long prompt is one string, so 400 KB cost little more than a memory scan.
 */
export type MemberType = "string" | "number" | "boolean" | "null" | "object" | "array";

export interface Member {
  readonly type: MemberType;
  /** Offsets of the value in the bytes, end exclusive. */
  readonly start: number;
  readonly end: number;
}

export type ScanResult =
  | {
      readonly ok: true;
      readonly members: ReadonlyMap<string, Member>;
      /** Offset behind the opening brace: where a member can be put in. */
      readonly bodyStart: number;
      /** True for `{}`. */
      readonly empty: boolean;
    }
  | { readonly ok: false; readonly message: string; readonly offset: number };

/** Containers within containers that are followed; deeper is refused. */
const depthMax = 512;

/**
 * Scan the object that `bytes` is. A key that stands twice at the top level is an error: parsers
 * disagree on which one counts, and we must not check one and send the other.
 */
export function scanMembers(bytes: Uint8Array): ScanResult {
  const scanner = new Scanner(bytes);
  try {
    return scanner.object();
  } catch (reason) {
    if (reason instanceof ScanError) {
      return { ok: false, message: reason.message, offset: scanner.offset };
    }
    throw reason;
  }
}

/** Thrown and caught within this file. */
class ScanError extends Error {}

class Scanner {
  readonly #bytes: Uint8Array;
  offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  object(): ScanResult {
    const members = new Map<string, Member>();
    this.#space();
    if (this.#bytes[this.offset] !== braceOpen) this.#fail("expected a JSON object");
    this.offset += 1;
    const bodyStart = this.offset;
    this.#space();
    const empty = this.#bytes[this.offset] === braceClose;
    if (empty) this.offset += 1;
    else this.#members(members);
    this.#space();
    if (this.offset < this.#bytes.length) this.#fail("unexpected text after the JSON object");
    return { ok: true, members, bodyStart, empty };
  }

  #members(members: Map<string, Member>): void {
    for (;;) {
      this.#space();
      const key = this.#key();
      if (members.has(key)) this.#fail(`duplicate key ${JSON.stringify(key)}`);
      this.#space();
      if (this.#bytes[this.offset] !== colon) this.#fail("expected ':'");
      this.offset += 1;
      this.#space();
      const start = this.offset;
      const type = this.#value();
      members.set(key, { type, start, end: this.offset });
      this.#space();
      const next = this.#bytes[this.offset];
      if (next !== comma && next !== braceClose) this.#fail("expected ',' or '}'");
      this.offset += 1;
      if (next === braceClose) return;
    }
  }

  #key(): string {
    if (this.#bytes[this.offset] !== quote) this.#fail("expected a key in double quotes");
    const start = this.offset;
    this.#string();
    const text = decoder.decode(this.#bytes.subarray(start, this.offset));
    if (!text.includes("\\")) return text.slice(1, -1);
    try {
      // A key may be escaped ("mod\u0065l") and still be the one the provider reads.
      return JSON.parse(text) as string;
    } catch {
      return this.#fail("bad escape in a key");
    }
  }

  /** One value of any type, nested ones included. */
  #value(): MemberType {
    switch (this.#bytes[this.offset]) {
      case quote:
        this.#string();
        return "string";
      case braceOpen:
        this.#container();
        return "object";
      case bracketOpen:
        this.#container();
        return "array";
      case 0x74:
        this.#word("true");
        return "boolean";
      case 0x66:
        this.#word("false");
        return "boolean";
      case 0x6e:
        this.#word("null");
        return "null";
      default:
        this.#number();
        return "number";
    }
  }

  /** From an opening bracket to its partner, without recursion: depth is the client's to choose. */
  #container(): void {
    const closers: number[] = [];
    for (;;) {
      const byte = this.#bytes[this.offset];
      if (byte === braceOpen || byte === bracketOpen) {
        if (closers.length === depthMax) this.#fail(`nested deeper than ${depthMax} levels`);
        this.offset += 1;
        this.#space();
        const closer = byte === braceOpen ? braceClose : bracketClose;
        closers.push(closer);
        if (this.#bytes[this.offset] !== closer) {
          if (closer === braceClose) this.#memberStart();
          continue;
        }
      } else {
        this.#value();
      }
      if (this.#close(closers)) return;
    }
  }

  /** After a value (or at an empty container): close what ends here. True when all is closed. */
  #close(closers: number[]): boolean {
    for (;;) {
      this.#space();
      const closer = closers.at(-1);
      const byte = this.#bytes[this.offset];
      if (byte === closer) {
        this.offset += 1;
        closers.pop();
        if (closers.length === 0) return true;
        continue;
      }
      if (byte !== comma) {
        this.#fail(closer === braceClose ? "expected ',' or '}'" : "expected ',' or ']'");
      }
      this.offset += 1;
      this.#space();
      if (closer === braceClose) this.#memberStart();
      return false;
    }
  }

  /** A nested key and its colon, up to the value. */
  #memberStart(): void {
    if (this.#bytes[this.offset] !== quote) this.#fail("expected a key in double quotes");
    this.#string();
    this.#space();
    if (this.#bytes[this.offset] !== colon) this.#fail("expected ':'");
    this.offset += 1;
    this.#space();
  }

  #string(): void {
    const bytes = this.#bytes;
    let at = this.offset + 1;
    // Most strings are short; indexOf() is native, and wins from some dozens of bytes on.
    const near = Math.min(at + 48, bytes.length);
    for (; at < near; at++) {
      const byte = bytes[at];
      if (byte === backslash) at += 1;
      else if (byte === quote) {
        this.offset = at + 1;
        return;
      }
    }
    for (;;) {
      at = bytes.indexOf(quote, at);
      if (at < 0) this.#fail("string without an end");
      let backslashes = 0;
      while (bytes[at - 1 - backslashes] === backslash) backslashes += 1;
      at += 1;
      if (backslashes % 2 === 0) break;
    }
    this.offset = at;
  }

  #number(): void {
    const bytes = this.#bytes;
    const start = this.offset;
    if (bytes[this.offset] === minus) this.offset += 1;
    if (bytes[this.offset] === zero) this.offset += 1;
    else this.#digits(start);
    if (bytes[this.offset] === point) {
      this.offset += 1;
      this.#digits(start);
    }
    if (bytes[this.offset] === 0x65 || bytes[this.offset] === 0x45) {
      this.offset += 1;
      if (bytes[this.offset] === plus || bytes[this.offset] === minus) this.offset += 1;
      this.#digits(start);
    }
  }

  #digits(start: number): void {
    const first = this.offset;
    for (;;) {
      const byte = this.#bytes[this.offset];
      if (byte === undefined || byte < zero || byte > nine) break;
      this.offset += 1;
    }
    if (this.offset === first) this.#fail(first === start ? "expected a value" : "bad number");
  }

  #word(word: string): void {
    for (let i = 0; i < word.length; i++) {
      if (this.#bytes[this.offset] !== word.charCodeAt(i)) this.#fail(`expected ${word}`);
      this.offset += 1;
    }
  }

  #space(): void {
    for (;;) {
      const byte = this.#bytes[this.offset];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.offset += 1;
    }
  }

  #fail(message: string): never {
    const ended = this.offset >= this.#bytes.length;
    throw new ScanError(ended ? `${message}, but the text ends` : message);
  }
}

const decoder = new TextDecoder();
const quote = 0x22;
const backslash = 0x5c;
const braceOpen = 0x7b;
const braceClose = 0x7d;
const bracketOpen = 0x5b;
const bracketClose = 0x5d;
const comma = 0x2c;
const colon = 0x3a;
const minus = 0x2d;
const plus = 0x2b;
const point = 0x2e;
const zero = 0x30;
const nine = 0x39;
