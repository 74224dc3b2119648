import { Fault, isRecord, type Usage } from "@headgate/core";
import { type EmbeddingsAnswer, type EmbeddingsRequest, isVector } from "../../chat/embeddings.ts";
import { meaningful } from "../dropped.ts";
import type { EmbeddingsApi, Target, VendorRequest } from "../provider-api.ts";
import type { Block } from "./block.ts";
import { modelPath } from "./request.ts";

/**
 * Each family of models has its own body, at `/invoke`. Cohere's takes many texts; Titan and Nova
 * take one, so that a list of several can't be asked of them in one request.
 */
export const bedrockEmbeddings: EmbeddingsApi = {
  request: embeddingsRequest,
  answer: embeddingsAnswer,
};

function embeddingsRequest(request: EmbeddingsRequest, target: Target): VendorRequest {
  const texts = request.input.map((input) => {
    if (typeof input === "string") return input;
    throw unsupported("Bedrock embeds texts, not the ids of their tokens: send strings.");
  });
  const dropped = new Set<string>();
  const body = bodyFor(target.model.toLowerCase())({
    request,
    texts,
    model: target.model,
    dropped,
  });
  return { path: modelPath(target, "invoke"), body, dropped: [...dropped] };
}

interface Asked {
  readonly request: EmbeddingsRequest;
  readonly texts: readonly string[];
  readonly model: string;
  readonly dropped: Set<string>;
}

function bodyFor(model: string): (asked: Asked) => Block {
  if (model.includes("cohere.")) return cohereBody;
  if (model.includes("nova")) return novaBody;
  return model.includes("titan-embed-image") ? titanImageBody : titanBody;
}

/** https://docs.aws.amazon.com/bedrock/latest/userguide/titan-embedding-models.html */
function titanBody(asked: Asked): Block {
  const inputText = oneText(asked);
  const { dimensions } = asked.request;
  const members = taken(asked, ["normalize"]);
  if (dimensions === undefined) return { inputText, ...members };
  if (!/titan-embed-text-v[2-9]/.test(asked.model)) asked.dropped.add("dimensions");
  else return { inputText, dimensions, ...members };
  return { inputText, ...members };
}

function titanImageBody(asked: Asked): Block {
  const { dimensions } = asked.request;
  const embeddingConfig = { outputEmbeddingLength: dimensions };
  taken(asked, []);
  return { inputText: oneText(asked), ...(dimensions !== undefined && { embeddingConfig }) };
}

/** https://docs.aws.amazon.com/nova/latest/userguide/embeddings-schema.html */
function novaBody(asked: Asked): Block {
  const value = oneText(asked);
  const { dimensions } = asked.request;
  const members = taken(asked, ["embeddingPurpose", "truncationMode"]);
  const { embeddingPurpose = "GENERIC_INDEX", truncationMode = "END" } = members;
  return {
    taskType: "SINGLE_EMBEDDING",
    singleEmbeddingParams: {
      embeddingPurpose,
      ...(dimensions !== undefined && { embeddingDimension: dimensions }),
      text: { truncationMode, value },
    },
  };
}

/** https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed.html */
function cohereBody(asked: Asked): Block {
  const { texts, model, dropped, request } = asked;
  if (texts.length > cohereTextsMax) {
    const message = `${model} embeds at most ${cohereTextsMax} texts at once, and these are ${texts.length}: send fewer.`;
    throw unsupported(message);
  }
  const { input_type = "search_document", ...members } = taken(asked, ["input_type", "truncate"]);
  const sized = /embed-v[4-9]/.test(model);
  if (request.dimensions !== undefined && !sized) dropped.add("dimensions");
  const output_dimension = sized ? request.dimensions : undefined;
  return {
    texts,
    input_type,
    embedding_types: ["float"],
    ...(output_dimension !== undefined && { output_dimension }),
    ...members,
  };
}

const cohereTextsMax = 96;

function oneText({ texts, model }: Asked): string {
  const [text, second] = texts;
  if (text !== undefined && second === undefined) return text;
  throw unsupported(
    `${model} embeds one text per request, and these are ${texts.length}: send them one by one.`,
  );
}

/** What the client wrote for this model by its own names; the rest is named as dropped. */
function taken({ request, dropped }: Asked, names: readonly string[]): Block {
  const { members } = request.more;
  for (const name of meaningful(members)) if (!names.includes(name)) dropped.add(name);
  const entries = Object.entries(members);
  return Object.fromEntries(entries.filter(([name]) => names.includes(name)));
}

function embeddingsAnswer(body: unknown): EmbeddingsAnswer {
  if (!isRecord(body)) throw new SyntaxError("The answer is not a JSON object.");
  const vectors = vectorsOf(body).filter(isVector);
  if (vectors.length === 0) throw new SyntaxError("The answer has no embeddings.");
  const usage = usageOf(body["inputTextTokenCount"]);
  return { vectors, ...(usage && { usage }) };
}

function vectorsOf({ embedding, embeddings, embeddingsByType }: Block): readonly unknown[] {
  if (embedding !== undefined) return [embedding];
  if (isRecord(embeddingsByType)) return [embeddingsByType["float"]];
  if (isRecord(embeddings)) return Array.isArray(embeddings["float"]) ? embeddings["float"] : [];
  if (!Array.isArray(embeddings)) return [];
  // Nova wraps each in an object that says what was embedded.
  return embeddings.map((one) => (isRecord(one) ? one["embedding"] : one));
}

function usageOf(count: unknown): Usage | undefined {
  return typeof count === "number" ? { inputTokens: count, outputTokens: 0 } : undefined;
}

function unsupported(message: string): Fault {
  return new Fault("unsupported_value", message, { param: "input" });
}
