import type { ApiError, ErrorAnswer } from "../api-error.ts";
import { classifyGoogleError } from "../google/google-error.ts";

/** https://ai.google.dev/gemini-api/docs/troubleshooting#error-codes */
export function classifyGeminiError(answer: ErrorAnswer): ApiError {
  return classifyGoogleError(answer);
}
