import type { Code } from "@connectrpc/connect";
import type { World } from "./world.ts";

/** Shown to users in docs/operations/nodes.md: a row here is a row there. */
export interface Row {
  readonly name: string;
  readonly refused: (world: World) => Promise<unknown>;
  readonly code: Code;
  readonly message: string | RegExp;
  readonly method: "StreamSnapshots" | "Join" | "IssueNodeToken";
  /** Whom the audit log names: a node only where it has proved that much. Default: anonymous. */
  readonly actor?: RegExp;
  /** The same with that one thing put right, or the row would prove nothing. */
  readonly letIn: (world: World) => Promise<unknown>;
}
