/**
 * The first string behind all that start with `prefix`, in the order of UTF-8 bytes (which is that
 * of code points). Undefined when there is none: for "" and for nothing but U+10FFFF.
 */
export function prefixEnd(prefix: string): string | undefined {
  const characters = Array.from(prefix);
  for (let last = characters.pop(); last !== undefined; last = characters.pop()) {
    const point = last.codePointAt(0) ?? 0;
    if (point < 0x10ffff) return characters.join("") + String.fromCodePoint(following(point));
  }
  return undefined;
}

/** Surrogates are not characters: behind U+D7FF comes U+E000. */
function following(point: number): number {
  return point === 0xd7ff ? 0xe000 : point + 1;
}
