import { parseJson } from "@headgate/core";
import type { EmbeddingsRequest } from "../chat/embeddings.ts";
import { writeEmbeddingsAnswer } from "../dialects/openai-embeddings/write-answer.ts";
import type { EmbeddingsApi } from "../providers/provider-api.ts";
import type { Conversion } from "./conversion.ts";
import { notJson } from "./translated-conversion.ts";

export interface EmbeddingsTranslation {
  readonly api: EmbeddingsApi;
  readonly asked: EmbeddingsRequest;
  readonly encodingFormat: "float" | "base64";
  /** The provider's name of the model. */
  readonly model: string;
}

/** Vectors of any vendor, in OpenAI's list and in the encoding that the client asked for. */
export function translatedEmbeddings(translation: EmbeddingsTranslation): Conversion {
  const { api, asked, encodingFormat, model } = translation;
  return {
    translates: true,
    passesOn: false,
    streamType: /^$/,
    plain(body) {
      const value = parseJson(body.toString("utf8"));
      if (value === undefined) return { kind: "invalid", what: notJson(body) };
      try {
        const answer = api.answer(value, asked);
        const written = writeEmbeddingsAnswer(answer, { encodingFormat, model });
        return {
          kind: "answer",
          body: Buffer.from(JSON.stringify(written)),
          usage: answer.usage,
        };
      } catch (reason) {
        if (reason instanceof SyntaxError) return { kind: "invalid", what: "JSON without vectors" };
        throw reason;
      }
    },
    stream() {
      throw new Error("embeddings do not stream");
    },
  };
}
