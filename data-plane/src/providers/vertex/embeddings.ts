import { Fault, isRecord, type Usage } from "@headgate/core";
import type { EmbeddingsAnswer, EmbeddingsRequest } from "../../chat/embeddings.ts";
import {
  embeddingOptions,
  embeddingTexts,
  embeddingUsage,
  embeddingValues,
} from "../gemini/embeddings.ts";
import type { EmbeddingsApi, Target, VendorRequest } from "../provider-api.ts";
import { vertexModelPath } from "./model-path.ts";

/**
 * Models up to gemini-embedding-001 answer to `:predict`, later ones to `:embedContent` alone.
 * https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api
 */
export const vertexEmbeddings: EmbeddingsApi = {
  request(request, target) {
    return isEmbedContent(target.model) ? embedContent(request, target) : predict(request, target);
  },

  answer(body) {
    if (!isRecord(body)) throw new SyntaxError("The answer is not an object.");
    if (Array.isArray(body["predictions"])) return fromPredictions(body["predictions"]);
    const usage = embeddingUsage(body["usageMetadata"]);
    return { vectors: [embeddingValues(body["embedding"])], ...(usage && { usage }) };
  },
};

function isEmbedContent(model: string): boolean {
  const name = model.slice(model.lastIndexOf("/") + 1);
  return (
    (name.includes("gemini") && !name.startsWith("gemini-embedding-001")) || name.endsWith("-maas")
  );
}

const optionNames = ["taskType", "title", "autoTruncate"] as const;

function predict(request: EmbeddingsRequest, target: Target): VendorRequest {
  const { options, dropped } = embeddingOptions(request, optionNames);
  const { taskType, title, ...parameters } = options;
  const instances = embeddingTexts(request).map((content) => ({
    content,
    ...(taskType !== undefined && { task_type: taskType }),
    ...(title !== undefined && { title }),
  }));
  return {
    path: `${vertexModelPath(target)}:predict`,
    body: { instances, ...(Object.keys(parameters).length > 0 && { parameters }) },
    dropped,
  };
}

function embedContent(request: EmbeddingsRequest, target: Target): VendorRequest {
  const [text, ...more] = embeddingTexts(request);
  if (text === undefined || more.length > 0) {
    throw new Fault(
      "unsupported_value",
      `"${target.model}" on Vertex AI embeds one input a request, and not ${request.input.length}.`,
      { param: "input" },
    );
  }
  const { options, dropped } = embeddingOptions(request, optionNames);
  return {
    path: `${vertexModelPath(target)}:embedContent`,
    body: {
      content: { parts: [{ text }] },
      ...(Object.keys(options).length > 0 && { embedContentConfig: options }),
    },
    dropped,
  };
}

function fromPredictions(predictions: readonly unknown[]): EmbeddingsAnswer {
  const embeddings = predictions.map((each) => (isRecord(each) ? each["embeddings"] : undefined));
  const usage = countedUsage(embeddings);
  return { vectors: embeddings.map(embeddingValues), ...(usage && { usage }) };
}

/** Each text is counted by itself; undefined unless all were. */
function countedUsage(embeddings: readonly unknown[]): Usage | undefined {
  let inputTokens = 0;
  for (const embedding of embeddings) {
    const statistics = isRecord(embedding) ? embedding["statistics"] : undefined;
    const tokens = isRecord(statistics) ? statistics["token_count"] : undefined;
    if (typeof tokens !== "number") return undefined;
    inputTokens += tokens;
  }
  return { inputTokens, outputTokens: 0 };
}
