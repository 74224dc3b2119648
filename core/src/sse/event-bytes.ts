import { isRecord } from "../json/is-record.ts";

/** Offset behind the last empty line, or 0. */
export function lastEventEnd(bytes: Buffer): number {
  const length = bytes.length;
  if (bytes[length - 1] === lf) {
    const before = bytes[length - 2];
    if (before === lf || (before === cr && bytes[length - 3] === lf)) return length;
  }
  const unix = bytes.lastIndexOf("\n\n");
  const dos = bytes.lastIndexOf("\n\r\n");
  return Math.max(unix >= 0 ? unix + 2 : 0, dos >= 0 ? dos + 3 : 0);
}

export const lf = 0x0a;
const cr = 0x0d;

/** The events in `bytes`, each with the empty line that ends it. */
export function* eventsIn(bytes: Buffer): Generator<{ start: number; end: number }> {
  const text = bytes.toString("latin1");
  let start = 0;
  for (const match of text.matchAll(/\n\r?\n/g)) {
    const end = match.index + match[0].length;
    yield { start, end };
    start = end;
  }
  if (start < bytes.length) yield { start, end: bytes.length };
}

/** The JSON object an event's data is, or undefined. It is the caller's own. */
export function parseEvent(raw: Buffer): Record<string, unknown> | undefined {
  const data = raw
    .toString("utf8")
    .split(/\r?\n/)
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice(line[5] === " " ? 6 : 5))
    .join("\n");
  try {
    const value: unknown = JSON.parse(data);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
