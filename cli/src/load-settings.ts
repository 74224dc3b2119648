import type { ProcessConfigInput, ProcessConfigResult } from "@headgate/config";
import { CliError } from "./cli-error.ts";
import type { Io } from "./io.ts";
import { countProblems, printProblems } from "./print-problems.ts";
import { readConfigArgument } from "./read-file-argument.ts";

/** The settings file of a plane; all its problems are printed before the program gives up. */
export async function loadSettings<Config>(
  io: Io,
  path: string | undefined,
  load: (input: ProcessConfigInput) => ProcessConfigResult<Config>,
): Promise<Config> {
  const input = await readConfigArgument(path);
  const loaded = load({ ...input, env: io.env });
  if (loaded.ok) return loaded.config;
  printProblems(io.stderr, loaded.problems);
  throw new CliError(`${countProblems(loaded.problems.length)} in ${input.file}`);
}
