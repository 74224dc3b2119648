import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { discovery } from "@headgate/proto";

/** What of a node's report is kept. Counters are cumulative since the boot, and so is uptime. */
export interface LoadSample {
  readonly bootId: string;
  readonly sequence: number;
  /** By the node's wall clock. */
  readonly timeMs: number;
  /** By the node's monotonic clock. */
  readonly uptimeMs: number;
  readonly inFlight: number;
  readonly calls: number;
  readonly failedCalls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly workers: number;
  readonly rssBytes: number;
  readonly draining: boolean;
}

/** @throws RangeError for numbers that could not be told on: a listing of nodes must not fail for one. */
export function loadSampleFrom(report: discovery.LoadReport): LoadSample {
  const { bootId, inFlight, workers, draining, time } = report;
  return {
    ...{ bootId, inFlight, workers, draining },
    timeMs: dateMs(time ? timestampMs(time) : 0),
    sequence: whole(report.sequence),
    uptimeMs: whole(report.uptimeMs),
    calls: whole(report.calls),
    failedCalls: whole(report.failedCalls),
    inputTokens: whole(report.inputTokens),
    outputTokens: whole(report.outputTokens),
    rssBytes: whole(report.rssBytes),
  };
}

function whole(value: bigint): number {
  if (value <= Number.MAX_SAFE_INTEGER) return Number(value);
  throw new RangeError(`${value} is more than there can be`);
}

/** The end of the year 9999: no timestamp in JSON goes beyond. */
const dateMaxMs = 253_402_300_799_999;

function dateMs(ms: number): number {
  if (ms >= 0 && ms <= dateMaxMs) return ms;
  throw new RangeError(`${ms} is no time of a report`);
}
