export type EncodingFormat = "float" | "base64";

/**
 * A vector in the encoding that was asked for, from whichever the vendor gave: floats, or
 * little-endian float32 in base64. The same one if it is in that encoding already.
 *
 * https://platform.openai.com/docs/api-reference/embeddings/create#embeddings_create-encoding_format
 */
export function encodeVector<T extends readonly unknown[]>(
  vector: T | string,
  format: EncodingFormat,
): T | string | readonly number[] {
  if (typeof vector === "string") {
    const decoded = decode(vector);
    if (decoded.encoding === "float32" && format === "base64") return vector;
    return format === "base64" ? encode(decoded.values) : decoded.values;
  }
  return format === "base64" ? encode(vector.map(Number)) : vector;
}

function encode(values: readonly number[]): string {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => {
    bytes.writeFloatLE(value, i * 4);
  });
  return bytes.toString("base64");
}

/**
 * Perplexity quantizes to int8 and writes those bytes as base64: read as float32 they make no sense.
 * https://docs.perplexity.ai/api-reference/embeddings-post
 */
function decode(text: string): { encoding: "float32" | "int8"; values: readonly number[] } {
  const bytes = Buffer.from(text, "base64");
  const floats = bytes.length % 4 === 0 ? float32(bytes) : undefined;
  if (floats?.every(isSensible)) return { encoding: "float32", values: floats };
  return { encoding: "int8", values: [...new Int8Array(bytes)] };
}

function float32(bytes: Buffer): readonly number[] {
  const values: number[] = [];
  for (let at = 0; at < bytes.length; at += 4) values.push(bytes.readFloatLE(at));
  return values;
}

/** Vectors are mostly of length 1, and never of numbers like these. */
function isSensible(value: number): boolean {
  return Math.abs(value) < 1e6;
}
