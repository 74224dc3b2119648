import type { admin } from "@headgate/proto";
import type { AdminClient } from "./admin-client.ts";
import { OutOfRangeError, UnavailableError } from "./admin-error.ts";
import { closedWithLoop } from "./closed-with-loop.ts";
import { backoffMs, realTiming, type Timing } from "./timing.ts";

export interface WatchOptions {
  /** Of ["provider", "model", "team", "key", "policy"]. Default: all. */
  readonly kinds?: readonly string[];
  /** Continue behind this revision, without what there is. Default: with it. */
  readonly fromRevision?: bigint;
  readonly signal?: AbortSignal;
  /**
   * The server says something every 30 seconds; after this long without, the connection counts as
   * lost. Default: 90 seconds.
   */
  readonly silenceMaxMs?: number;
  /** For tests. */
  readonly timing?: Timing;
}

const defaultSilenceMaxMs = 90_000;

/**
 * The resources as they are, then every change, in order, until `signal` aborts. Connects again when
 * the control plane goes away, and goes on where it was; if that is too long ago, everything comes
 * again as CREATED, ending with `synced`.
 */
export async function* watchResources(
  client: AdminClient,
  options: WatchOptions = {},
): AsyncGenerator<admin.WatchResourcesResponse, void, undefined> {
  const { kinds = [], silenceMaxMs = defaultSilenceMaxMs, timing = realTiming } = options;
  const signal = options.signal ?? new AbortController().signal;
  let fromRevision = options.fromRevision ?? 0n;
  for (let failures = 0; ; failures++) {
    // Until `synced`, what came is a part of the whole: there is nothing to resume from.
    let whole = fromRevision !== 0n;
    try {
      const request = { kinds: [...kinds], fromRevision };
      const open = (life: AbortSignal) =>
        client.watchResources(request, { signal: life, timeoutMs: 0 });
      for await (const answer of closedWithLoop(open, { signal, silenceMaxMs })) {
        failures = 0;
        whole ||= answer.synced;
        if (whole) fromRevision = answer.revision;
        yield answer;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof OutOfRangeError && fromRevision !== 0n) fromRevision = 0n;
      else if (!(error instanceof UnavailableError)) throw error;
    }
    if (!(await paused(backoffMs(failures, timing.random), { timing, signal }))) return;
  }
}

/** False if the signal aborted meanwhile. */
export async function paused(
  ms: number,
  { timing, signal }: { readonly timing: Timing; readonly signal: AbortSignal },
): Promise<boolean> {
  try {
    await timing.sleep(ms, signal);
    return true;
  } catch {
    return false;
  }
}
