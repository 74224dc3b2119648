import { Command } from "commander";
import type { Io } from "../io.ts";
import { type AdminFlags, addAdminFlags, fileFormatFlag } from "./admin-flags.ts";

export interface ExportFlags extends AdminFlags {
  readonly output: "json" | "yaml";
}

const examples = `
Examples:
  headgate export > headgate.yaml
  headgate export | headgate apply -f - --prune      changes nothing

All resources as of one moment. Secrets are never shown again: keys are there by their hash, and
credentials keep what the server has for them.`;

export function exportCommand(io: Io): Command {
  return addAdminFlags(
    new Command("export")
      .description("print all resources as a file that apply takes back")
      .addOption(fileFormatFlag()),
  )
    .addHelpText("after", examples)
    .action(async (flags: ExportFlags) => {
      const { exportResources } = await import("../admin/export.ts");
      await exportResources(io, flags);
    });
}
