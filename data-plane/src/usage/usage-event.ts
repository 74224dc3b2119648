import type { TokenEstimator, Usage } from "@headgate/core";
import type { Call } from "../pipeline/call.ts";
import { costNanoUsd } from "../pricing/cost-nano-usd.ts";

/** What one call consumed: what bills, budgets and reports are made of. At most one per call. */
export interface UsageEvent {
  /** Unique: events that come twice are told by it. */
  readonly requestId: string;
  readonly key: string;
  readonly team: string;
  readonly user: string;
  /** The public name, and the provider's. */
  readonly model: string;
  readonly upstreamModel: string;
  readonly provider: string;
  readonly deployment: string;
  readonly usage: Usage;
  /** In nano-dollars, by the price pinned when the call was made; undefined if no price is known. */
  readonly costNanoUsd: number | undefined;
}

/**
 * The event of a call that is over, or undefined if it consumed nothing that we know of. Usage that
 * the provider did not count is estimated, and marked so: an answer that broke off or was left by
 * its client was produced all the same (new-api issues 5235 and 7062: billed as nothing, or as all).
 */
export function usageEvent(call: Call, tokens: TokenEstimator): UsageEvent | undefined {
  const { deployment, model } = call;
  const usage = callUsage(call, tokens);
  if (!deployment || model === undefined || !usage) return undefined;
  return {
    requestId: call.requestId,
    key: call.key?.name ?? "",
    team: call.key?.team ?? "",
    user: call.key?.user ?? "",
    model,
    upstreamModel: deployment.upstreamModel,
    provider: deployment.provider,
    deployment: deployment.id,
    usage,
    costNanoUsd: costOf(call, usage),
  };
}

/** In nano-dollars. A number is exact up to nine million dollars. */
export function costOf({ price }: Call, usage: Usage): number | undefined {
  return price && Number(costNanoUsd(price.pinned, usage, price.atMs));
}

function callUsage(call: Call, tokens: TokenEstimator): Usage | undefined {
  const { usage, cut } = call;
  const estimated = usage && !cut ? undefined : estimatedUsage(call, tokens);
  if (!usage || !estimated) return usage ?? estimated;
  // Anthropic counts the input at once, and of the output one token until the end.
  const outputTokens = Math.max(usage.outputTokens, estimated.outputTokens);
  return { ...usage, outputTokens, estimated: true };
}

function estimatedUsage(call: Call, tokens: TokenEstimator): Usage | undefined {
  const { deployment, estimatedInputTokens, answerTextBytes } = call;
  if (!deployment || estimatedInputTokens === undefined || !answerBegan(call)) return undefined;
  return {
    inputTokens: estimatedInputTokens,
    outputTokens: tokens.estimateOutput(deployment.upstreamModel, answerTextBytes),
    estimated: true,
  };
}

/** Something of a success reached, or was on its way to, the client. */
function answerBegan({ firstByteMs, status, endpoint }: Call): boolean {
  return firstByteMs !== undefined && status === 200 && endpoint !== "count_tokens";
}
