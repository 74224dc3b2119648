import { isRecord } from "@headgate/core";
import type { CountTokensApi } from "../provider-api.ts";
import type { Block } from "./blocks.ts";
import { anthropicRequest } from "./request.ts";

/** https://platform.claude.com/docs/en/api/messages/count_tokens */
export const anthropicCountTokens: CountTokensApi = {
  request(request, target) {
    const { path, body, dropped } = anthropicRequest({ ...request, stream: false }, target);
    return { path: `${path}/count_tokens`, body: countedBody(body), dropped };
  },
  answer: inputTokens,
};

/** Of a messages request that which is counted: any other member is refused. */
export function countedBody(body: Block): Block {
  return Object.fromEntries(Object.entries(body).filter(([name]) => !uncounted.has(name)));
}

const uncounted: ReadonlySet<string> = new Set([
  "container",
  "diagnostics",
  "fallback_credit_token",
  "fallbacks",
  "inference_geo",
  "max_tokens",
  "metadata",
  "service_tier",
  "stop_sequences",
  "stream",
  "temperature",
  "thread",
  "top_k",
  "top_p",
]);

export function inputTokens(body: unknown): number | undefined {
  const count = isRecord(body) ? body["input_tokens"] : undefined;
  return typeof count === "number" && Number.isSafeInteger(count) && count >= 0 ? count : undefined;
}
