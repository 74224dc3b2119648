import { Command } from "commander";
import type { Io } from "../io.ts";
import { kindHelp, parseKind, type ResourceKind } from "../resource-kinds.ts";
import { type AdminFlags, addAdminFlags } from "./admin-flags.ts";

const examples = `
Examples:
  headgate describe model gpt-4o
  headgate describe key alice-laptop`;

export function describeCommand(io: Io): Command {
  return addAdminFlags(
    new Command("describe")
      .description(
        "print all there is to know of a resource: itself, what refers to it, its history",
      )
      .argument("<kind>", kindHelp, parseKind)
      .argument("<name>", "which one"),
  )
    .addHelpText("after", examples)
    .action(async (kind: ResourceKind, name: string, flags: AdminFlags) => {
      const { describe } = await import("../admin/describe.ts");
      await describe(io, { kind, name, flags });
    });
}
