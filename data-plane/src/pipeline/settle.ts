import type { TokenEstimator } from "@headgate/core";
import type { CallLog } from "../telemetry/call-log.ts";
import type { CallMetrics } from "../telemetry/call-metrics.ts";
import { usageEvent } from "../usage/usage-event.ts";
import type { Call } from "./call.ts";

export interface SettleDeps {
  readonly metrics: CallMetrics;
  readonly log: CallLog;
  readonly tokens: TokenEstimator;
}

/** Once per call, on every way out: count it, write its line, and learn from what was counted. */
export function settle(call: Call, nowMs: number, { metrics, log, tokens }: SettleDeps): void {
  const durationMs = nowMs - call.startedMs;
  const event = usageEvent(call, tokens);
  metrics.settled(call, durationMs, event);
  log.settled(call, durationMs, event);
  learn(call, tokens);
}

function learn(call: Call, tokens: TokenEstimator): void {
  const { deployment, measure, usage, answerTextBytes, cut } = call;
  if (!deployment || !usage || cut) return;
  const { upstreamModel } = deployment;
  if (measure) tokens.learn(upstreamModel, measure, usage.inputTokens);
  // What was thought in secret is no part of the text.
  if (usage.reasoningTokens) return;
  tokens.learnOutput(upstreamModel, answerTextBytes, usage.outputTokens);
}
