/** How much is measured. Everything here has an end: a count, a time, or both. */
export interface Plan {
  readonly rounds: number;
  readonly warmUpMs: number;
  /** Plain requests: per round, peer and body size. */
  readonly plainMs: number;
  readonly plainConcurrency: number;
  readonly bodyBytes: readonly number[];
  /** Paced streams open at once, how many per round and peer, and the chunks of each. */
  readonly streamConcurrency: number;
  readonly streams: number;
  readonly chunksPerStream: number;
  /** Streams of one chunk and streams that come as fast as they can: per round and peer. */
  readonly streamMs: number;
  readonly latencyMs: number;
  readonly latencyPerSecond: number;
  /** Open streams at which memory is read, ascending. */
  readonly heldStreams: readonly number[];
  /** How long opening them may take, each time. */
  readonly heldOpenMaxMs: number;
  /** Pause before memory is read. */
  readonly settleMs: number;
  readonly launches: number;
  /** The whole run is stopped after this. */
  readonly totalMaxMs: number;
}

export const fullPlan: Plan = {
  rounds: 3,
  warmUpMs: 1_500,
  plainMs: 2_500,
  plainConcurrency: 32,
  bodyBytes: [300, 10_240, 409_600],
  streamConcurrency: 40,
  streams: 80,
  chunksPerStream: 500,
  streamMs: 1_500,
  latencyMs: 7_000,
  latencyPerSecond: 1_000,
  heldStreams: [1_000, 10_000],
  heldOpenMaxMs: 20_000,
  settleMs: 3_000,
  launches: 5,
  totalMaxMs: 900_000,
};

/** A look at the figures, not a measurement: one short round and no 10,000 streams. */
export const quickPlan: Plan = {
  ...fullPlan,
  rounds: 1,
  warmUpMs: 600,
  plainMs: 800,
  streams: 40,
  streamMs: 700,
  latencyMs: 2_000,
  heldStreams: [1_000],
  settleMs: 1_000,
  launches: 1,
  totalMaxMs: 180_000,
};
