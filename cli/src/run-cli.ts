import { CommanderError } from "commander";
import { CliError, type ExitStatus, exitStatus } from "./cli-error.ts";
import type { Io } from "./io.ts";
import { paint } from "./paint.ts";
import { createProgram } from "./program.ts";

/** Errors of our other packages whose message says what to do already. */
const forPeople = new Set(["KeyFileError", "ListenError", "StoreError", "UnsealError"]);

/** Run one command line to its end. All failures end here, as a line on standard error and a status. */
export async function runCli(argv: readonly string[], io: Io): Promise<ExitStatus> {
  try {
    await createProgram(io).parseAsync([...argv], { from: "user" });
    return exitStatus.ok;
  } catch (error) {
    return report(error, io);
  }
}

function report(error: unknown, io: Io): ExitStatus {
  // Commander has written its message, or the help that was asked for.
  if (error instanceof CommanderError)
    return error.exitCode === 0 ? exitStatus.ok : exitStatus.usage;
  const prefix = paint(io.stderr, "red", "headgate:");
  if (error instanceof CliError) {
    if (error.message !== "") io.stderr.write(`${prefix} ${error.message}\n`);
    return error.status;
  }
  if (error instanceof Error && forPeople.has(error.name)) {
    io.stderr.write(`${prefix} ${error.message}\n`);
    return exitStatus.failed;
  }
  const debug = (io.env["HEADGATE_DEBUG"] ?? "") !== "";
  const detail = error instanceof Error ? (debug && error.stack) || error.message : String(error);
  const hint = debug ? "" : " (HEADGATE_DEBUG=1 shows where)";
  io.stderr.write(`${prefix} ${detail}${hint}\n`);
  return exitStatus.failed;
}
