import { Command } from "commander";
import type { Io } from "../io.ts";
import { type AdminFlags, addAdminFlags } from "./admin-flags.ts";

const examples = `
Examples:
  headgate secrets status
  headgate secrets reseal       after the master key was changed on all replicas`;

/** What the store holds sealed, and under which key. */
export function secretsCommand(io: Io): Command {
  const secrets = new Command("secrets")
    .description("see and renew how the store is sealed")
    .helpCommand(false);
  secrets.addCommand(
    addAdminFlags(
      new Command("status").description(
        "count what is sealed with a key that is not the current one",
      ),
    ).action(async (flags: AdminFlags) => {
      const { secretsStatus } = await import("../admin/secrets.ts");
      await secretsStatus(io, flags);
    }),
  );
  secrets.addCommand(
    addAdminFlags(
      new Command("reseal").description(
        "seal everything with the current master key; safe to repeat",
      ),
    ).action(async (flags: AdminFlags) => {
      const { reseal } = await import("../admin/secrets.ts");
      await reseal(io, flags);
    }),
  );
  return secrets.addHelpText("after", examples);
}
