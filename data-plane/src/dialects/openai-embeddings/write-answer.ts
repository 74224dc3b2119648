import type { EmbeddingsAnswer } from "../../chat/embeddings.ts";
import { type EncodingFormat, encodeVector } from "./encode-vector.ts";

export interface EmbeddingsContext {
  readonly encodingFormat: EncodingFormat;
  /** The provider's name of the model, for vendors that do not say it. */
  readonly model: string;
}

/** https://platform.openai.com/docs/api-reference/embeddings/create */
export function writeEmbeddingsAnswer(
  answer: EmbeddingsAnswer,
  { encodingFormat, model }: EmbeddingsContext,
): Readonly<Record<string, unknown>> {
  const tokens = answer.usage?.inputTokens ?? 0;
  return {
    object: "list",
    data: answer.vectors.map((vector, index) => ({
      object: "embedding",
      index,
      embedding: encodeVector(vector, encodingFormat),
    })),
    model: answer.model ?? model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}
