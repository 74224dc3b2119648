import { errorInEvent, parseJson, usageFromOpenAi } from "@headgate/core";
import { encodeVector } from "../dialects/openai-embeddings/encode-vector.ts";
import { classifyErrorInSuccess } from "../providers/openai/classify-error.ts";
import type { Conversion, PlainResult } from "./conversion.ts";
import { isJson, type Json } from "./mend/json.ts";
import { mendEmbeddings } from "./mend/mend-embeddings.ts";
import { notJson } from "./translated-conversion.ts";

export interface EmbeddingsRelayOptions {
  /** As the client asked; "float" where it did not say; undefined for one of the provider's own. */
  readonly encodingFormat: "float" | "base64" | undefined;
}

/**
 * Vectors of a provider that speaks OpenAI's dialect itself: its bytes, unless the vectors are not
 * in the encoding that the client asked for, which it would decode blindly.
 */
export function embeddingsRelay({ encodingFormat }: EmbeddingsRelayOptions): Conversion {
  return {
    translates: false,
    // Which encoding it is can be told from the first vector, but not changed in passing.
    passesOn: false,
    streamType: /^$/,
    plain: (body) => plainAnswer(body, encodingFormat),
    stream() {
      throw new Error("embeddings do not stream");
    },
  };
}

function plainAnswer(
  body: Buffer,
  encodingFormat: EmbeddingsRelayOptions["encodingFormat"],
): PlainResult {
  const value = parseJson(body.toString("utf8"));
  if (value === undefined) return { kind: "invalid", what: notJson(body) };
  if (!isJson(value)) return { kind: "invalid", what: "JSON that is not an answer" };
  if (!Array.isArray(value["data"])) {
    if (errorInEvent(value)) return { kind: "error", error: classifyErrorInSuccess(value) };
    return { kind: "invalid", what: "JSON without vectors" };
  }
  const usage = usageFromOpenAi(value["usage"]);
  const entries: readonly Json[] = value["data"].filter(isJson);
  const mended = mendEmbeddings(value);
  const encoded = entries.map((entry) => encode(entry, encodingFormat)).includes(true);
  const bytes = mended || encoded ? Buffer.from(JSON.stringify(value)) : body;
  return { kind: "answer", body: bytes, usage };
}

/** True if the vector had to be written in another way. */
function encode(entry: Json, format: EmbeddingsRelayOptions["encodingFormat"]): boolean {
  const { embedding } = entry;
  if (format === undefined) return false;
  if (typeof embedding !== "string" && !Array.isArray(embedding)) return false;
  const encoded = encodeVector(embedding, format);
  entry["embedding"] = encoded;
  return encoded !== embedding;
}
