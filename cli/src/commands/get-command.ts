import { Command } from "commander";
import type { Io } from "../io.ts";
import { kindHelp, parseKind, type ResourceKind } from "../resource-kinds.ts";
import { type AdminFlags, addAdminFlags, type OutputFormat, outputFlag } from "./admin-flags.ts";

export interface GetFlags extends AdminFlags {
  readonly output: OutputFormat;
}

const examples = `
Examples:
  headgate get models
  headgate get key alice-laptop -o yaml
  headgate get all -o yaml > backup.yaml    everything but secrets, which are never shown again`;

export function getCommand(io: Io): Command {
  return addAdminFlags(
    new Command("get")
      .description("print resources")
      .argument("<kind>", `${kindHelp}, or all`, (text): ResourceKind | "all" =>
        text === "all" ? "all" : parseKind(text),
      )
      .argument("[name]", "one of them; without it, all")
      .addOption(outputFlag()),
  )
    .addHelpText("after", examples)
    .action(async (kind: ResourceKind | "all", name: string | undefined, flags: GetFlags) => {
      const { get } = await import("../admin/get.ts");
      await get(io, { kind, name, flags });
    });
}
