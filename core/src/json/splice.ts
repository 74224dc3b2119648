/** Replace the bytes from `start` to `end` (exclusive) by `text`. Equal offsets insert. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Apply edits that do not overlap; what lies between them is copied as it is. */
export function splice(bytes: Uint8Array, edits: readonly Splice[]): Uint8Array {
  if (edits.length === 0) return bytes;
  const parts: Uint8Array[] = [];
  let copied = 0;
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    parts.push(bytes.subarray(copied, edit.start), Buffer.from(edit.text));
    copied = edit.end;
  }
  parts.push(bytes.subarray(copied));
  return Buffer.concat(parts);
}
