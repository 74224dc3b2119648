import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { admin } from "@headgate/proto";
import type { LoadSample } from "./load-sample.ts";

/** What one process of a node has reported lately, oldest first. Never empty. */
export type LoadHistory = readonly [LoadSample, ...LoadSample[]];

/** Rates are over at least this, where there is as much: short bursts don't make them jump. */
const windowMs = 10_000;
/** Over less, one call more or less would be many per second. */
const spanMinMs = 500;
/** Of one node. More than are sent within the window: beyond it the window is shorter. */
const samplesMax = 16;

/**
 * The history with one report more. Undefined if the report is no news: it came twice, was overtaken,
 * or is of a process that was followed by the one known. A new process starts anew, for its counters do.
 */
export function withSample(
  history: LoadHistory | undefined,
  sample: LoadSample,
): LoadHistory | undefined {
  const latest = history?.at(-1);
  if (!history || !latest) return [sample];
  if (sample.bootId !== latest.bootId) {
    return sample.timeMs >= latest.timeMs ? [sample] : undefined;
  }
  if (sample.sequence <= latest.sequence) return undefined;
  return within([...history, sample], sample.uptimeMs - windowMs);
}

/** As of the latest report. */
export function loadOf(history: LoadHistory): admin.NodeLoad {
  const [base] = history;
  const latest = history.at(-1) ?? base;
  const spanMs = latest.uptimeMs - base.uptimeMs;
  const perSecond = (counter: Counter): number =>
    (Math.max(0, latest[counter] - base[counter]) * 1_000) / spanMs;
  return create(admin.NodeLoadSchema, {
    inFlight: latest.inFlight,
    draining: latest.draining,
    reportTime: timestampFromMs(latest.timeMs),
    workers: latest.workers,
    rssBytes: BigInt(latest.rssBytes),
    ...(spanMs >= spanMinMs && {
      callsPerSecond: perSecond("calls"),
      failuresPerSecond: perSecond("failedCalls"),
      inputTokensPerSecond: perSecond("inputTokens"),
      outputTokensPerSecond: perSecond("outputTokens"),
    }),
  });
}

type Counter = "calls" | "failedCalls" | "inputTokens" | "outputTokens";

/** Without the samples that a later one makes needless: one from before the window begins it. */
function within(samples: LoadHistory, sinceMs: number): LoadHistory {
  let kept: LoadHistory = samples;
  for (;;) {
    const [, next, ...more] = kept;
    if (!next || (next.uptimeMs > sinceMs && kept.length <= samplesMax)) return kept;
    kept = [next, ...more];
  }
}
