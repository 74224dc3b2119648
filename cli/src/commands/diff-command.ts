import { Command } from "commander";
import type { Io } from "../io.ts";
import { type AdminFlags, addAdminFlags } from "./admin-flags.ts";

export interface DiffFlags extends AdminFlags {
  readonly file?: string;
  readonly prune?: true;
  readonly exitCode?: true;
}

const examples = `
Examples:
  headgate diff -f headgate.yaml
  headgate diff -f headgate.yaml --prune --exit-code || echo "the file and the server differ"`;

export function diffCommand(io: Io): Command {
  return addAdminFlags(
    new Command("diff")
      .description("show what applying a file would change, line by line; changes nothing")
      .option("-f, --file <file>", "resources (YAML); - is standard input")
      .option("--prune", "as if those that the file does not name were deleted")
      .option("--exit-code", "end with 1 if there are differences"),
  )
    .addHelpText("after", examples)
    .action(async (flags: DiffFlags) => {
      const { diff } = await import("../admin/diff.ts");
      await diff(io, flags);
    });
}
