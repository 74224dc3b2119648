import { createHash } from "node:crypto";
import { InvalidRequest } from "./invalid-request.ts";
import { estimateTokens } from "./words.ts";

/** The fields of an embeddings request that change the answer. */
export interface EmbeddingsRequest {
  readonly model?: unknown;
  /** A text, texts, a list of tokens, or lists of tokens. */
  readonly input?: unknown;
  readonly encoding_format?: unknown;
  readonly dimensions?: unknown;
}

const defaultDimensions = 64;
const dimensionsMax = 4096;

export function embeddings(request: EmbeddingsRequest): object {
  const inputs = inputsOf(request.input);
  const dimensions = dimensionsOf(request.dimensions);
  const data = inputs.map((input, index) => {
    const vector = unitVector(input, dimensions);
    const embedding = request.encoding_format === "base64" ? base64(vector) : Array.from(vector);
    return { object: "embedding", index, embedding };
  });
  const tokens = inputs.reduce((sum, input) => sum + estimateTokens(input), 0);
  const model = typeof request.model === "string" ? request.model : "demo-embedding";
  return { object: "list", data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } };
}

function inputsOf(input: unknown): readonly string[] {
  if (typeof input === "string") return [input];
  if (!Array.isArray(input) || input.length === 0) {
    throw new InvalidRequest("input must be a text or a list that is not empty");
  }
  if (typeof input[0] === "number") return [JSON.stringify(input)];
  return input.map((entry) => (typeof entry === "string" ? entry : JSON.stringify(entry)));
}

function dimensionsOf(wanted: unknown): number {
  if (wanted === undefined || wanted === null) return defaultDimensions;
  if (typeof wanted === "number" && Number.isInteger(wanted) && wanted >= 1) {
    return Math.min(wanted, dimensionsMax);
  }
  throw new InvalidRequest("dimensions must be a whole number of at least 1");
}

/** A direction drawn from the text's hash: equal texts are equal, others almost at right angles. */
function unitVector(text: string, dimensions: number): Float32Array {
  const bytes = createHash("shake128", { outputLength: dimensions }).update(text).digest();
  const raw = Array.from(bytes, (byte) => byte - 127.5);
  const length = Math.hypot(...raw);
  return Float32Array.from(raw, (value) => value / length);
}

/** Little-endian 32-bit floats, as OpenAI sends them. */
function base64(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes.toString("base64");
}
