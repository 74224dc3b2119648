import type { admin } from "@headgate/proto";
import type { AdminClient } from "./admin-client.ts";
import { UnavailableError } from "./admin-error.ts";
import { closedWithLoop } from "./closed-with-loop.ts";
import { backoffMs, realTiming, type Timing } from "./timing.ts";
import { paused } from "./watch-resources.ts";

export interface WatchAuditOptions {
  /** As in admin.proto: `outcome = denied`. */
  readonly filter?: string;
  readonly signal?: AbortSignal;
  /** For tests. */
  readonly timing?: Timing;
}

/**
 * Audit entries as they are made, until `signal` aborts. Connects again when the control plane goes
 * away; entries made meanwhile are missed here, and found by auditEntries().
 */
export async function* watchAudit(
  client: AdminClient,
  options: WatchAuditOptions = {},
): AsyncGenerator<admin.AuditEntry, void, undefined> {
  const { filter = "", timing = realTiming } = options;
  const signal = options.signal ?? new AbortController().signal;
  for (let failures = 0; ; failures++) {
    try {
      const open = (life: AbortSignal) =>
        client.watchAuditEntries({ filter }, { signal: life, timeoutMs: 0 });
      for await (const entry of closedWithLoop(open, { signal })) {
        failures = 0;
        yield entry;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof UnavailableError)) throw error;
    }
    if (!(await paused(backoffMs(failures, timing.random), { timing, signal }))) return;
  }
}
