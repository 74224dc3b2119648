/**
 * What the main thread and a worker say to each other. The main thread keeps the
 * snapshot, the disk and the control plane's stream; workers serve HTTP from a
 * copy of the snapshot that they build from the same deltas.
 */

import type { WorkerLoad } from "./load/worker-load.ts";

/** Given to a worker when it starts. */
export interface WorkerOptions {
  readonly worker: number;
  readonly node: string;
  readonly region: string;
  readonly listen: ListenOptions;
  readonly bodyMaxBytes: number;
  readonly logLevel: string;
}

export type ListenOptions = (
  | { readonly host: string; readonly port: number; readonly reusePort: boolean }
  | { readonly socketPath: string }
) & {
  /** PEM texts: HTTPS instead of HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string };
};

export type MainToWorker =
  /** Binary StreamSnapshotsResponse; the main thread has found it good already. */
  | { readonly type: "delta"; readonly bytes: Uint8Array }
  /** Answer readiness with this from now on. */
  | { readonly type: "readiness"; readonly ready: boolean; readonly reason: string }
  /** Listen no more, refuse new calls, let those in flight finish; then answer "drained". */
  | { readonly type: "drain"; readonly timeoutMs: number }
  | { readonly type: "metrics"; readonly id: number }
  | { readonly type: "load" };

export type WorkerToMain =
  | { readonly type: "listening"; readonly port: number }
  /** Could not listen, for example EADDRINUSE. The worker exits. */
  | { readonly type: "listen-failed"; readonly message: string; readonly code: string }
  /** The delta was applied; the worker serves that version. */
  | { readonly type: "applied"; readonly version: bigint }
  /** `metrics` is what prom-client's AggregatorRegistry.aggregate() takes. */
  | { readonly type: "metrics"; readonly id: number; readonly metrics: readonly object[] }
  /** One answer for each question. */
  | { readonly type: "load"; readonly load: WorkerLoad }
  /** `cut`: calls that were still running when the time was up. */
  | { readonly type: "drained"; readonly cut: number };
