import { Command } from "commander";
import type { Io } from "../io.ts";
import { kindHelp, parseKind, type ResourceKind } from "../resource-kinds.ts";
import { type AdminFlags, addAdminFlags } from "./admin-flags.ts";

const examples = `
Examples:
  headgate delete model gpt-4o
  headgate delete key alice-laptop bob-phone    to keep the record: headgate keys revoke

What something else refers to cannot be deleted: models first, then their providers.`;

export function deleteCommand(io: Io): Command {
  return addAdminFlags(
    new Command("delete")
      .description("delete resources")
      .argument("<kind>", kindHelp, parseKind)
      .argument("<names...>", "which ones"),
  )
    .addHelpText("after", examples)
    .action(async (kind: ResourceKind, names: readonly string[], flags: AdminFlags) => {
      const { deleteResources } = await import("../admin/delete.ts");
      await deleteResources(io, { kind, names, flags });
    });
}
