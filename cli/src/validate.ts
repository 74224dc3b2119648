import { loadControlPlaneConfig, loadDataPlaneConfig, type Problem } from "@headgate/config";
import { CliError } from "./cli-error.ts";
import type { FileKind, ValidateFlags } from "./commands/validate-command.ts";
import { guessFileKind } from "./guess-file-kind.ts";
import type { Environment, Io } from "./io.ts";
import { checkResources } from "./load-resources.ts";
import { countProblems, printProblems } from "./print-problems.ts";
import { type FileText, readFileArgument } from "./read-file-argument.ts";

/** `headgate validate`: problems on standard output, the verdict as the exit code. */
export async function validate(io: Io, flags: ValidateFlags): Promise<void> {
  const input = await readFileArgument(io, flags.file);
  const kind = flags.kind ?? guessFileKind(input.text);
  const { problems, notices } = await check(kind, input, io.env);
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

async function check(kind: FileKind, input: FileText, env: Environment): Promise<Findings> {
  if (kind === "resources") {
    const { problems, notices, unread } = await checkResources(input, { env });
    return { problems, notices: [...notices, ...unreadNotice(unread.length)] };
  }
  const load = kind === "control-plane" ? loadControlPlaneConfig : loadDataPlaneConfig;
  const loaded = load({ ...input, env });
  return { problems: loaded.ok ? [] : loaded.problems, notices: [] };
}

function unreadNotice(count: number): readonly string[] {
  if (count === 0) return [];
  const secrets = count === 1 ? "1 secret is" : `${count} secrets are`;
  return [`${secrets} not read: validate runs no commands and fetches no URLs`];
}
