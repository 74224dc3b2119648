import { Fault, isRecord, type Usage } from "@headgate/core";
import { type EmbeddingsRequest, isVector } from "../../chat/embeddings.ts";
import { meaningful } from "../dropped.ts";
import type { EmbeddingsApi } from "../provider-api.ts";
import { camelCase } from "./google-options.ts";
import { encodeResource, geminiModelName } from "./model-path.ts";

/** https://ai.google.dev/api/embeddings#method:-models.batchembedcontents */
export const geminiEmbeddings: EmbeddingsApi = {
  request(request, { model, basePath }) {
    const name = geminiModelName(model);
    const { options, dropped } = embeddingOptions(request, ["taskType", "title"]);
    const requests = embeddingTexts(request).map((text) => ({
      model: name,
      content: { parts: [{ text }] },
      ...options,
    }));
    return {
      path: `${basePath}/${encodeResource(name)}:batchEmbedContents`,
      body: { requests },
      dropped,
    };
  },

  answer(body) {
    const list =
      isRecord(body) && Array.isArray(body["embeddings"]) ? body["embeddings"] : undefined;
    if (!isRecord(body) || !list) throw new SyntaxError("The answer has no list of embeddings.");
    const usage = embeddingUsage(body["usageMetadata"]);
    return { vectors: list.map(embeddingValues), ...(usage && { usage }) };
  },
};

export interface EmbeddingOptions {
  readonly options: Readonly<Record<string, unknown>>;
  readonly dropped: readonly string[];
}

/** @param names of the options that the API has, in its words. */
export function embeddingOptions(
  { dimensions, more }: EmbeddingsRequest,
  names: readonly string[],
): EmbeddingOptions {
  const { extra_body: extra, ...plain } = more.members;
  const google = isRecord(extra) && isRecord(extra["google"]) ? extra["google"] : {};
  const options: Record<string, unknown> = {};
  const others: Record<string, unknown> = {};
  for (const [name, value] of Object.entries({ ...plain, ...google })) {
    const known = camelCase(name);
    if (names.includes(known)) options[known] = value;
    else others[name] = value;
  }
  if (dimensions !== undefined) options["outputDimensionality"] = dimensions;
  return { options, dropped: meaningful(others) };
}

/** @throws {Fault} unsupported_value: Google takes no tokens, as it has other ones. */
export function embeddingTexts({ input }: EmbeddingsRequest): readonly string[] {
  return input.map((each) => {
    if (typeof each === "string") return each;
    throw new Fault("unsupported_value", "Google embeds text, and no ids of tokens.", {
      param: "input",
    });
  });
}

/** @throws {SyntaxError} */
export function embeddingValues(embedding: unknown): readonly number[] {
  const values = isRecord(embedding) ? embedding["values"] : undefined;
  if (isVector(values)) return values;
  throw new SyntaxError("An embedding is not a list of numbers.");
}

/** Of newer models only; older ones count nothing. */
export function embeddingUsage(metadata: unknown): Usage | undefined {
  const tokens = isRecord(metadata) ? metadata["promptTokenCount"] : undefined;
  return typeof tokens === "number" ? { inputTokens: tokens, outputTokens: 0 } : undefined;
}
