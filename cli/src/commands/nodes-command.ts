import { Command } from "commander";
import type { Io } from "../io.ts";
import { type AdminFlags, addAdminFlags, type OutputFormat, outputFlag } from "./admin-flags.ts";

export interface NodesFlags extends AdminFlags {
  readonly output: OutputFormat;
  readonly filter: string;
}

const examples = `
Examples:
  headgate nodes
  headgate nodes -o json
  headgate nodes --filter 'region = eu-west AND state = disconnected'
  headgate nodes delete eu-west-1     it is let in again only with a join token

APPLIED is the version of the snapshot a node serves from, CURRENT the newest there is. A node
that refused a snapshot keeps the one before; why is printed below the table.`;

export function nodesCommand(io: Io): Command {
  const nodes = addAdminFlags(
    new Command("nodes")
      .description("print the data plane nodes, and why one refused a snapshot")
      .option("--filter <filter>", "only those that match", "")
      .addOption(outputFlag()),
  )
    .helpCommand(false)
    .addHelpText("after", examples)
    .action(async (flags: NodesFlags) => {
      const { nodes: print } = await import("../admin/nodes.ts");
      await print(io, flags);
    });
  return nodes.addCommand(deleteNodeCommand(io));
}

function deleteNodeCommand(io: Io): Command {
  return addAdminFlags(
    new Command("delete")
      .description("forget nodes and their identity")
      .argument("<names...>", "of the nodes"),
  ).action(async (names: readonly string[], flags: AdminFlags) => {
    const { deleteNodes } = await import("../admin/nodes.ts");
    await deleteNodes(io, { names, flags });
  });
}
