import { durationMs } from "@headgate/config/duration";
import { resources } from "@headgate/proto";
import type { RoutedFetch, RoutedPolicy } from "./routed.ts";

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
  strictParameters: false,
  fetch: {
    disabled: false,
    allowHosts: new Set(),
    bytesMax: 20 * 1024 * 1024,
    timeoutMs: 10_000,
  },
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
    strictParameters: policy?.unsupportedParameters === resources.UnsupportedParameters.STRICT,
    fetch: routedFetch(policy?.fetch),
  };
}

function routedFetch(fetch: resources.Fetch | undefined): RoutedFetch {
  return {
    disabled: fetch?.disabled ?? defaults.fetch.disabled,
    allowHosts: new Set(fetch?.allowHosts),
    bytesMax: fetch?.maxBytes ?? defaults.fetch.bytesMax,
    timeoutMs: milliseconds(fetch?.timeout) ?? defaults.fetch.timeoutMs,
  };
}

function milliseconds(duration: resources.Timeouts["connect"]): number | undefined {
  return duration && durationMs(duration);
}
