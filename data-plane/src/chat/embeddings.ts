import type { Usage } from "@headgate/core";
import type { Dialect } from "./chat-request.ts";

/** Texts to be embedded, whichever vendor does it. */
export interface EmbeddingsRequest {
  /** Texts, or the ids of their tokens. */
  readonly input: readonly (string | readonly number[])[];
  readonly dimensions?: number;
  readonly user?: string;
  /** Members with no place above, as the client wrote them (Cohere's `input_type`, Gemini's `taskType`). */
  readonly more: { readonly dialect: Dialect; readonly members: Readonly<Record<string, unknown>> };
}

export interface EmbeddingsAnswer {
  readonly model?: string;
  /** In the order of the input: floats, or little-endian float32 in base64, as the vendor gave them. */
  readonly vectors: readonly (readonly number[] | string)[];
  readonly usage?: Usage;
}

export function isVector(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => typeof item === "number");
}
