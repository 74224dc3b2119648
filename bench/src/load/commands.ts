import type { ModelName } from "../upstream/models.ts";

/** Where requests go: a peer, or the fake provider itself. */
export interface Target {
  readonly origin: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What every request of one load looks like. */
export interface Shape {
  readonly model: ModelName;
  /** Size of the request body; one that is too small for the fields themselves is exceeded. */
  readonly bodyBytes: number;
  /** Ask for a stream of this many chunks. Absent: a plain answer. */
  readonly chunks?: number;
}

/** A number of callers, each sending its next request when the last answer is complete. */
export interface ClosedLoop {
  readonly type: "closed-loop";
  readonly target: Target;
  readonly shape: Shape;
  readonly concurrency: number;
  /** No request starts later than this. */
  readonly durationMs: number;
  /** Nor more requests than this. */
  readonly requestsMax: number;
}

/** Requests at a fixed rate, whether or not earlier ones were answered. */
export interface OpenLoop {
  readonly type: "open-loop";
  readonly target: Target;
  readonly shape: Shape;
  readonly perSecond: number;
  readonly durationMs: number;
}

/** Open this many streams and keep them until "release". Those that do not open in time fail. */
export interface Hold {
  readonly type: "hold";
  readonly target: Target;
  readonly shape: Shape;
  readonly streams: number;
  readonly openMaxMs: number;
}

export interface Release {
  readonly type: "release";
}

export type Command = ClosedLoop | OpenLoop | Hold | Release;

export interface LoadResult {
  readonly completed: number;
  readonly failed: number;
  /** Why the first of them failed. */
  readonly failure?: string;
  /** SSE events in the answers. */
  readonly events: number;
  /** Reads in which the bodies arrived: near `events` when no proxy or socket merged chunks. */
  readonly reads: number;
  /** Open loop only: from the moment a request was sent to the last byte of its answer, in ms. */
  readonly p50Ms?: number;
  readonly p99Ms?: number;
}

export type Reply = { readonly id: number } & (
  | { readonly result: LoadResult }
  | { readonly error: string }
);
