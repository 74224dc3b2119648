import { Command } from "commander";
import type { Io } from "../io.ts";
import { kindHelp, parseKind, type ResourceKind } from "../resource-kinds.ts";
import { type AdminFlags, addAdminFlags } from "./admin-flags.ts";

const examples = `
Examples:
  headgate watch                 every change of every resource, until stopped
  headgate watch keys --json`;

export function watchCommand(io: Io): Command {
  return addAdminFlags(
    new Command("watch")
      .description("print resources as they change")
      .argument("[kind]", kindHelp, parseKind)
      .option("--json", "one JSON object a line, with the resource"),
  )
    .addHelpText("after", examples)
    .action(async (kind: ResourceKind | undefined, flags: AdminFlags & { json?: true }) => {
      const { watch } = await import("../admin/watch.ts");
      await watch(io, { kind, flags });
    });
}
