import type { ApiError, ErrorAnswer } from "../api-error.ts";
import { classifyGoogleError } from "../google/google-error.ts";

/** https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/api-errors */
export function classifyVertexError(answer: ErrorAnswer): ApiError {
  return classifyGoogleError(answer);
}
