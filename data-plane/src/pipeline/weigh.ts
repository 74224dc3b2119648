import type { Clock, TokenEstimator } from "@headgate/core";
import type { Deployment, RoutedModel } from "../routing/routed.ts";
import type { Call } from "./call.ts";
import type { CountTokens } from "./count-tokens.ts";
import type { CallRequest } from "./read-request.ts";

export interface WeighDeps {
  readonly clock: Clock;
  readonly tokens: TokenEstimator;
  readonly countTokens: CountTokens;
}

/** A call with what it asks for, which is gone once an answer is committed. */
export interface Weighed {
  readonly call: Call;
  readonly model: RoutedModel;
  readonly body: CallRequest | undefined;
}

/** What the call will take of a deployment, and what that costs, as it is now. Seldom has to wait. */
export function weigh(
  trial: Weighed,
  deployment: Deployment,
  deps: WeighDeps,
): Promise<void> | undefined {
  const { call, model } = trial;
  const pinned = deployment.price.pin();
  if (pinned instanceof Promise || model.exactTokens) return weighWell(trial, deployment, deps);
  call.price = pinned && { pinned, atMs: deps.clock.wallTimeMs() };
  if (call.measure) {
    call.estimatedInputTokens = deps.tokens.estimate(deployment.upstreamModel, call.measure);
  }
  return undefined;
}

/** With a price that is still looked up, or tokens that are counted. */
async function weighWell(
  { call, body, model }: Weighed,
  deployment: Deployment,
  { clock, countTokens, tokens }: WeighDeps,
): Promise<void> {
  const pinned = await deployment.price.pin();
  call.price = pinned && { pinned, atMs: clock.wallTimeMs() };
  if (!call.measure || !body) return;
  call.estimatedInputTokens = model.exactTokens
    ? await countTokens(body, call, deployment)
    : tokens.estimate(deployment.upstreamModel, call.measure);
}
