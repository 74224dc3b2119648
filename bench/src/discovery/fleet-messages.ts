/** What the measurement asks of a process full of nodes, and what it answers. */
export type FleetRequest =
  | {
      readonly type: "connect";
      readonly origin: string;
      readonly from: number;
      readonly count: number;
      readonly acceptsGzip: boolean;
    }
  /** Forget what was seen so far. */
  | { readonly type: "reset" }
  | { readonly type: "report" }
  /** Close so many connections, and open them again with what the nodes have. */
  | { readonly type: "reconnect"; readonly count: number };

export type FleetAnswer =
  | { readonly type: "connected"; readonly bytes: number; readonly refused: number }
  | { readonly type: "reset" }
  | { readonly type: "reconnected"; readonly bytes: number; readonly nodes: number }
  | {
      readonly type: "report";
      readonly bytes: number;
      readonly responses: number;
      /** By revision: when each node's ACK of it was written, ms on the machine's monotonic clock. */
      readonly times: readonly { readonly revision: string; readonly atMs: readonly number[] }[];
      readonly failures: readonly string[];
    };

/** The same clock in all processes of the machine: CLOCK_MONOTONIC. */
export function machineMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}
