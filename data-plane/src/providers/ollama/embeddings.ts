import { Fault, isRecord } from "@headgate/core";
import { type EmbeddingsAnswer, type EmbeddingsRequest, isVector } from "../../chat/embeddings.ts";
import { meaningful } from "../dropped.ts";
import type { EmbeddingsApi, Target, VendorRequest } from "../provider-api.ts";
import { keepAlive } from "./request.ts";
import { usageFromOllama } from "./usage.ts";

/** https://docs.ollama.com/api/embed */
export const ollamaEmbeddings: EmbeddingsApi = {
  request: embeddingsRequest,
  answer: embeddingsAnswer,
};

function embeddingsRequest(request: EmbeddingsRequest, target: Target): VendorRequest {
  const { dimensions, more } = request;
  const input = request.input.map((one) => {
    if (typeof one === "string") return one;
    const message = "Ollama embeds texts, not the ids of their tokens: send strings.";
    throw new Fault("unsupported_value", message, { param: "input" });
  });
  const { truncate, options, keep_alive: _, ...others } = more.members;
  const body = {
    model: target.model,
    input,
    ...(dimensions !== undefined && { dimensions }),
    ...(typeof truncate === "boolean" && { truncate }),
    ...(isRecord(options) && { options }),
    ...keepAlive(target, more.members),
  };
  return { path: `${target.basePath}/api/embed`, body, dropped: meaningful(others) };
}

function embeddingsAnswer(body: unknown): EmbeddingsAnswer {
  if (!isRecord(body)) throw new SyntaxError("The answer is not a JSON object.");
  const { model, embeddings, embedding } = body;
  // The older route answers with one.
  const found = Array.isArray(embeddings) ? embeddings : [embedding];
  const vectors = found.filter(isVector);
  if (vectors.length === 0 || vectors.length < found.length) {
    throw new SyntaxError("The answer has no embeddings.");
  }
  const usage = usageFromOllama(body);
  return { ...(typeof model === "string" && { model }), vectors, ...(usage && { usage }) };
}
