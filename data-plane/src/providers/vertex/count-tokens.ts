import { totalTokens } from "../gemini/count-tokens.ts";
import { geminiRequest } from "../gemini/request.ts";
import type { CountTokensApi } from "../provider-api.ts";
import { vertexModelPath } from "./model-path.ts";

/** https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/count-tokens */
export const vertexCountTokens: CountTokensApi = {
  request(request, target) {
    const { body, dropped } = geminiRequest(request, target.model);
    const counted = Object.entries(body).filter(([name]) => members.has(name));
    return {
      path: `${vertexModelPath(target)}:countTokens`,
      body: Object.fromEntries(counted),
      dropped,
    };
  },
  answer: totalTokens,
};

/** Those of a request that have tokens; it takes no others. */
const members = new Set(["contents", "systemInstruction", "tools", "generationConfig"]);
