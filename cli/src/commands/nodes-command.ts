import { Command } from "commander";
import type { Io } from "../io.ts";
import { type AdminFlags, addAdminFlags, type OutputFormat, outputFlag } from "./admin-flags.ts";

export interface NodesFlags extends AdminFlags {
  readonly output: OutputFormat;
}

const examples = `
Examples:
  headgate nodes
  headgate nodes -o json

APPLIED is the version of the snapshot a node serves from, CURRENT the newest there is. A node
that refused a snapshot keeps the one before; why is printed below the table.`;

export function nodesCommand(io: Io): Command {
  return addAdminFlags(
    new Command("nodes")
      .description("print the data plane nodes, and why one refused a snapshot")
      .addOption(outputFlag()),
  )
    .addHelpText("after", examples)
    .action(async (flags: NodesFlags) => {
      const { nodes } = await import("../admin/nodes.ts");
      await nodes(io, flags);
    });
}
