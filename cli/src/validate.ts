import { loadControlPlaneConfig, loadDataPlaneConfig, type Problem } from "@headgate/config";
import { CliError } from "./cli-error.ts";
import type { FileKind, ValidateFlags } from "./commands/validate-command.ts";
import { guessFileKind } from "./guess-file-kind.ts";
import type { Environment, Io } from "./io.ts";
import { loadResources } from "./load-resources.ts";
import { countProblems, printProblems } from "./print-problems.ts";
import { type FileText, readFileArgument } from "./read-file-argument.ts";

/** `headgate validate`: problems on standard output, the verdict as the exit code. */
export async function validate(io: Io, flags: ValidateFlags): Promise<void> {
  const input = await readFileArgument(io, flags.file);
  const kind = flags.kind ?? guessFileKind(input.text);
  const { problems, notices } = check(kind, input, io.env);
  for (const notice of notices) io.stderr.write(`note: ${notice}\n`);
  printProblems(io.stdout, problems);
  if (problems.length > 0) {
    throw new CliError(`${countProblems(problems.length)} in ${input.file} (read as ${kind})`);
  }
  io.stdout.write(`${input.file}: good (${kind})\n`);
}

interface Findings {
  readonly problems: readonly Problem[];
  readonly notices: readonly string[];
}

function check(kind: FileKind, input: FileText, env: Environment): Findings {
  if (kind === "resources") {
    const loaded = loadResources(input, { env });
    return loaded.ok ? { problems: [], notices: loaded.notices } : { ...loaded, notices: [] };
  }
  const load = kind === "control-plane" ? loadControlPlaneConfig : loadDataPlaneConfig;
  const loaded = load({ ...input, env });
  return { problems: loaded.ok ? [] : loaded.problems, notices: [] };
}
