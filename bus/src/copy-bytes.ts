/** A copy of its own. `slice()` would be none for Node's Buffers, which are views all the way. */
export function copyBytes(data: Uint8Array): Uint8Array {
  return new Uint8Array(data);
}
