/**
 * The shapes of a stream's events: their text without that of the answer. Most events of a stream
 * differ in nothing else, so that one look tells that what was done with an earlier one is to be
 * done with them as well, and they need not be parsed.
 *
 * All text is Latin-1: one character for each byte.
 */
export class EventShapes {
  #shapes: readonly Shape[] = [];
  #learned = 0;

  /** What becomes of `text`, which is whole events; undefined if one of them has no known shape. */
  apply(text: string): string | undefined {
    if (this.#shapes.length === 0) return undefined;
    let changed = "";
    let kept = 0;
    for (let at = 0; at < text.length; ) {
      const found = this.#find(text, at);
      if (found === undefined) return undefined;
      if (found.instead !== undefined) {
        changed += text.slice(kept, at) + found.instead;
        kept = found.end;
      }
      at = found.end;
    }
    return kept === 0 ? text : changed + text.slice(kept);
  }

  /** Remember that one event became another; or stayed what it was. */
  learn(before: string, after = before): void {
    if (this.#learned >= learnedMax) return;
    const shape = shapeOf(before, after);
    if (shape === undefined) return;
    this.#learned += 1;
    this.#shapes = [shape, ...this.#shapes.slice(0, shapesMax - 1)];
  }

  forget(): void {
    this.#shapes = [];
  }

  #find(text: string, at: number): Found | undefined {
    for (const shape of this.#shapes) {
      const found = match(text, at, shape);
      if (found) return found;
    }
    return undefined;
  }
}

interface Shape {
  /** The text around what varies: the first part begins the event, the last one ends it. */
  readonly before: readonly string[];
  /** The same of what it becomes, if that is something else. */
  readonly after: readonly string[] | undefined;
}

interface Found {
  readonly end: number;
  readonly instead: string | undefined;
}

/** Choices take turns, and so do thoughts and answer: some shapes are in use at a time. */
const shapesMax = 4;
/** Where no event is like another, learning is given up. */
const learnedMax = 64;

/** Members whose text varies from event to event: the answer's, and padding against eavesdroppers. */
const varying =
  /("(?:content|reasoning_content|reasoning|refusal|arguments|text|obfuscation|p)": ?")((?:[^"\\]|\\.)*)(?=")/g;

/** Undefined if nothing varies, or if what varies is not the same before and after. */
function shapeOf(before: string, after: string): Shape | undefined {
  const { parts, texts } = split(before);
  if (texts.length === 0) return undefined;
  if (after === before) return { before: parts, after: undefined };
  const changed = split(after);
  const same = texts.length === changed.texts.length;
  if (!same || texts.some((text, i) => text !== changed.texts[i])) return undefined;
  return { before: parts, after: changed.parts };
}

function split(text: string): { readonly parts: string[]; readonly texts: string[] } {
  const parts: string[] = [];
  const texts: string[] = [];
  let start = 0;
  for (const found of text.matchAll(varying)) {
    const [whole, key = "", value = ""] = found;
    parts.push(text.slice(start, found.index + key.length));
    texts.push(value);
    start = found.index + whole.length;
  }
  return { parts: [...parts, text.slice(start)], texts };
}

function match(text: string, start: number, { before, after }: Shape): Found | undefined {
  let at = start;
  let instead = after?.[0];
  for (let i = 0; i < before.length; i++) {
    if (i > 0) {
      const end = closingQuote(text, at);
      if (end < 0) return undefined;
      if (instead !== undefined) instead += text.slice(at, end) + (after?.[i] ?? "");
      at = end;
    }
    const part = before[i] ?? "";
    // Comparing slices is many times faster than startsWith().
    if (text.slice(at, at + part.length) !== part) return undefined;
    at += part.length;
  }
  return { end: at, instead };
}

/** Offset of the quote that ends the JSON string at `start`, or -1. */
function closingQuote(text: string, start: number): number {
  for (let at = text.indexOf('"', start); at >= 0; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (text[at - 1 - slashes] === "\\") slashes += 1;
    if (slashes % 2 === 0) return at;
  }
  return -1;
}
