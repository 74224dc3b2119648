import type { Children, Command } from "./children.ts";

/** A process that a peer needs beside the one that is measured. */
export interface Helper {
  /** Resolves with its exit code; null if a signal ended it or it could not start. */
  readonly ended: Promise<number | null>;
  /** The end of what it wrote to stderr. */
  stderr(): string;
  stop(): Promise<void>;
}

export function startHelper(children: Children, command: Command): Helper {
  const child = children.spawn(command);
  const ended = new Promise<number | null>((resolve) => {
    child.once("close", resolve);
    child.once("error", () => resolve(null));
  });
  return { ended, stderr: () => children.stderrOf(child), stop: () => children.stop(child) };
}
