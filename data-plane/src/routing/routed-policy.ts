import { durationMs } from "@headgate/config/duration";
import type { resources } from "@headgate/proto";
import type { RoutedPolicy } from "./routed.ts";

/** The policy in force where the operator set none. Reasons: docs/reference/resources.md. */
const defaults: RoutedPolicy = {
  maxAttempts: 3,
  retryBudgetPercent: 10,
  // 401 and 403 speak of our credential, and another may do better.
  retryOn: new Set(["connect_error", "timeout", "401", "403", "408", "409", "429", "5xx"]),
  connectTimeoutMs: 5_000,
  firstTokenTimeoutMs: 30_000,
  idleTimeoutMs: 60_000,
  totalTimeoutMs: 600_000,
};

export function routedPolicy(policy: resources.Policy | undefined): RoutedPolicy {
  const { retry, timeouts } = policy ?? {};
  return {
    maxAttempts: retry?.maxAttempts ?? defaults.maxAttempts,
    retryBudgetPercent: retry?.budgetPercent ?? defaults.retryBudgetPercent,
    retryOn: retry && retry.on.length > 0 ? new Set(retry.on) : defaults.retryOn,
    connectTimeoutMs: milliseconds(timeouts?.connect) ?? defaults.connectTimeoutMs,
    firstTokenTimeoutMs: milliseconds(timeouts?.firstToken) ?? defaults.firstTokenTimeoutMs,
    idleTimeoutMs: milliseconds(timeouts?.idle) ?? defaults.idleTimeoutMs,
    totalTimeoutMs: milliseconds(timeouts?.total) ?? defaults.totalTimeoutMs,
  };
}

function milliseconds(duration: resources.Timeouts["connect"]): number | undefined {
  return duration && durationMs(duration);
}
