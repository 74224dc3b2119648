import { Command } from "commander";
import type { Io } from "../io.ts";
import { type AdminFlags, addAdminFlags, outputFlag } from "./admin-flags.ts";
import type { ListFlags } from "./tokens-command.ts";

export function statusCommand(io: Io): Command {
  return addAdminFlags(
    new Command("status")
      .description("print the control plane's replicas, leaders, store and bus")
      .addOption(outputFlag()),
  ).action(async (flags: ListFlags) => {
    const { status } = await import("../admin/status.ts");
    await status(io, flags);
  });
}

export function whoAmICommand(io: Io): Command {
  return addAdminFlags(
    new Command("whoami").description("print whom your token stands for, and what it may do"),
  ).action(async (flags: AdminFlags) => {
    const { whoAmI } = await import("../admin/status.ts");
    await whoAmI(io, flags);
  });
}
