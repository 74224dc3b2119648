import type { resources } from "@headgate/proto";
import { CliError } from "../cli-error.ts";
import type { Io } from "../io.ts";
import { loadResources } from "../load-resources.ts";
import { countProblems, printProblems } from "../print-problems.ts";
import { readFileArgument } from "../read-file-argument.ts";

/** The resources of a file, or all its problems on stderr and an error that ends with `outcome`. */
export async function checkedResources(
  io: Io,
  file: string | undefined,
  outcome: string,
): Promise<resources.ResourceSet> {
  const input = await readFileArgument(io, file);
  const loaded = await loadResources(input, { env: io.env, references: "server" });
  if (!loaded.ok) {
    printProblems(io.stderr, loaded.problems);
    throw new CliError(`${countProblems(loaded.problems.length)} in ${input.file}, ${outcome}`);
  }
  for (const notice of loaded.notices) io.stderr.write(`note: ${notice}\n`);
  return loaded.resources;
}
