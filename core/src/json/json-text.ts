/**
 * A JSON value as text: a string as it is, anything else as JSON; "" for none. String() throws at
 * an object that came with a `toString` of its own.
 */
export function jsonText(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined ? "" : JSON.stringify(value);
}
