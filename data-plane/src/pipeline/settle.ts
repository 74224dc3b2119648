import type { CallLog } from "../telemetry/call-log.ts";
import type { CallMetrics } from "../telemetry/call-metrics.ts";
import type { Call } from "./call.ts";

export interface SettleDeps {
  readonly metrics: CallMetrics;
  readonly log: CallLog;
}

/** Once per call, on every way out: count it, and write its line. */
export function settle(call: Call, nowMs: number, { metrics, log }: SettleDeps): void {
  const durationMs = nowMs - call.startedMs;
  metrics.settled(call, durationMs);
  log.settled(call, durationMs);
}
