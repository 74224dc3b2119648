import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { subjectToken } from "@headgate/bus";
import { discovery } from "@headgate/proto";
import type { WorkerLoad } from "./worker-load.ts";

export interface ReportingNode {
  readonly node: string;
  readonly region: string;
  readonly bootId: string;
}

/** What the main thread knows of the node, as of now. */
export interface NodeState {
  readonly workers: number;
  readonly appliedVersion: bigint;
  readonly draining: boolean;
}

export interface LoadFacts extends NodeState {
  readonly sequence: number;
  readonly timeMs: number;
  readonly uptimeMs: number;
  readonly rssBytes: number;
  readonly load: WorkerLoad;
}

/** One for each node, so that a server can permit a node its own alone. */
export function loadSubject({ region, node }: ReportingNode): string {
  return `load.${subjectToken(region)}.${subjectToken(node)}`;
}

/** About 150 bytes. */
export function encodeLoadReport(of: ReportingNode, facts: LoadFacts): Uint8Array {
  const { load, sequence, timeMs, uptimeMs, rssBytes, workers, appliedVersion, draining } = facts;
  const report = create(discovery.LoadReportSchema, {
    ...of,
    sequence: BigInt(sequence),
    time: timestampFromMs(timeMs),
    uptimeMs: count(uptimeMs),
    inFlight: load.inFlight,
    calls: count(load.calls),
    failedCalls: count(load.failedCalls),
    inputTokens: count(load.inputTokens),
    outputTokens: count(load.outputTokens),
    rssBytes: count(rssBytes),
    ...{ workers, appliedVersion, draining },
  });
  return toBinary(discovery.LoadReportSchema, report);
}

/** Providers count tokens, and one may answer with half of one, or with more than there are. */
function count(value: number): bigint {
  const whole = Math.round(value) || 0; // Not NaN.
  return BigInt(Math.min(Math.max(whole, 0), Number.MAX_SAFE_INTEGER));
}
