/** What one worker has done since its thread began, and has under way. Plain numbers, to be summed. */
export interface WorkerLoad {
  /** Calls under way. All others only grow. */
  readonly inFlight: number;
  readonly calls: number;
  /** Those of them without a whole answer. */
  readonly failedCalls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export const noLoad: WorkerLoad = {
  inFlight: 0,
  calls: 0,
  failedCalls: 0,
  inputTokens: 0,
  outputTokens: 0,
};

export function sumOfLoads(loads: readonly WorkerLoad[]): WorkerLoad {
  return loads.reduce(
    (sum, load) => ({
      inFlight: sum.inFlight + load.inFlight,
      calls: sum.calls + load.calls,
      failedCalls: sum.failedCalls + load.failedCalls,
      inputTokens: sum.inputTokens + load.inputTokens,
      outputTokens: sum.outputTokens + load.outputTokens,
    }),
    noLoad,
  );
}

/** What is left of a thread that is gone: it counts on, so that sums never fall. */
export function retiredLoad(load: WorkerLoad): WorkerLoad {
  return { ...load, inFlight: 0 };
}
