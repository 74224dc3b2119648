import { isRecord } from "@headgate/core";
import type { CountTokensApi } from "../provider-api.ts";
import { encodeResource, geminiModelName } from "./model-path.ts";
import { geminiRequest } from "./request.ts";

/** https://ai.google.dev/api/tokens */
export const geminiCountTokens: CountTokensApi = {
  request(request, { model, basePath }) {
    const name = geminiModelName(model);
    const { body, dropped } = geminiRequest(request, model);
    return {
      path: `${basePath}/${encodeResource(name)}:countTokens`,
      // With the model's name in it, all of the request is counted, and not the contents alone.
      body: { generateContentRequest: { model: name, ...body } },
      dropped,
    };
  },
  answer: totalTokens,
};

export function totalTokens(body: unknown): number | undefined {
  if (!isRecord(body)) return undefined;
  const { totalTokens: total } = body;
  return typeof total === "number" && Number.isFinite(total) && total >= 0 ? total : undefined;
}
