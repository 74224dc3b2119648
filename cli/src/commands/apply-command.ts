import { Command } from "commander";
import type { Io } from "../io.ts";
import { type AdminFlags, addAdminFlags } from "./admin-flags.ts";

export interface ApplyFlags extends AdminFlags {
  readonly file?: string;
  readonly prune?: true;
  readonly dryRun?: true;
}

const examples = `
Examples:
  headgate apply -f headgate.yaml
  headgate apply -f headgate.yaml --prune --dry-run    what would change, and what would go
  headgate get models -o yaml | headgate apply -f -`;

export function applyCommand(io: Io): Command {
  return addAdminFlags(
    new Command("apply")
      .description("create and update the resources a file names")
      .option("-f, --file <file>", "resources (YAML); - is standard input")
      .option("--prune", "delete the resources that the file does not name")
      .option("--dry-run", "say what would change, change nothing"),
  )
    .addHelpText("after", examples)
    .action(async (flags: ApplyFlags) => {
      const { apply } = await import("../admin/apply.ts");
      await apply(io, flags);
    });
}
