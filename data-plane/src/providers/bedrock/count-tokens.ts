import { isRecord } from "@headgate/core";
import type { CountTokensApi } from "../provider-api.ts";
import { converseBody, modelPath } from "./request.ts";

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html */
export const bedrockCountTokens: CountTokensApi = {
  request(request, target) {
    const { body, dropped } = converseBody(request, target.model);
    const kept = Object.entries(body).filter(([name]) => counted.has(name));
    const input = { converse: Object.fromEntries(kept) };
    return { path: modelPath(target, "count-tokens"), body: { input }, dropped };
  },
  answer(body) {
    const tokens = isRecord(body) ? body["inputTokens"] : undefined;
    return typeof tokens === "number" && tokens >= 0 ? tokens : undefined;
  },
};

const counted = new Set(["messages", "system", "toolConfig", "additionalModelRequestFields"]);
