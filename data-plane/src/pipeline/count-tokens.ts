import type { TokenEstimator } from "@headgate/core";
import { chatDialects } from "../dialects/registry.ts";
import type { Deployment } from "../routing/routed.ts";
import { exactTokens } from "../tokens/exact-tokens.ts";
import type { Call } from "./call.ts";
import type { CallRequest } from "./read-request.ts";

/** Input tokens of a prompt, without asking its provider. */
export type CountTokens = (
  request: CallRequest,
  call: Call,
  deployment: Deployment,
) => Promise<number>;

/** By the model's own tokenizer where it is public and the prompt not too long, else estimated. */
export function createCountTokens(tokens: TokenEstimator): CountTokens {
  return async (request, { endpoint, measure }, { upstreamModel }) => {
    if (endpoint !== "embeddings") {
      const chat = request.chat(chatDialects[endpoint]);
      const exact = await exactTokens(upstreamModel, chat);
      if (exact !== undefined) return exact;
    }
    return measure ? tokens.estimate(upstreamModel, measure) : 0;
  };
}
