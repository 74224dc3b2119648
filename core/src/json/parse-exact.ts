/**
 * As parseJson(), but integers that a number can't hold (above 2^53) stay as they were written:
 * JSON.stringify() writes them back digit by digit. They are objects then, of which nothing else can
 * be read; numberOf() makes numbers of them.
 *
 * https://github.com/tc39/proposal-json-parse-with-source
 */
export function parseExact(text: string): unknown {
  try {
    return hasLongInteger(text) ? exact(text) : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The nearest number, of an integer that was kept as it was written. */
export function numberOf(value: unknown): unknown {
  return JSON.isRawJSON(value) ? Number(value.rawJSON) : value;
}

/** 2^53 has 16 digits. A reviver makes parsing several times slower: most texts need none. */
export function hasLongInteger(text: string): boolean {
  return /\d{16}/.test(text);
}

function exact(text: string): unknown {
  const value = JSON.parse(text, (_key: string, value: unknown, { source }: { source?: string }) =>
    isRounded(value, source) ? JSON.rawJSON(source) : value,
  );
  // Alone it would pass for an object with members.
  return numberOf(value);
}

function isRounded(value: unknown, source: string | undefined): source is string {
  if (typeof value !== "number" || source === undefined || Number.isSafeInteger(value))
    return false;
  return /^-?\d+$/.test(source) && String(value) !== source;
}

/** Of Node since 21, and not yet known to the compiler. */
declare global {
  interface JSON {
    parse(
      text: string,
      reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
    ): unknown;
    rawJSON(text: string): RawJson;
    isRawJSON(value: unknown): value is RawJson;
  }
}

interface RawJson {
  readonly rawJSON: string;
}
