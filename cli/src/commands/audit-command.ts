import { Command } from "commander";
import { parseDurationMs, parseLimit } from "../flag-values.ts";
import type { Io } from "../io.ts";
import { type AdminFlags, addAdminFlags, type OutputFormat, outputFlag } from "./admin-flags.ts";

export interface AuditFlags extends AdminFlags {
  readonly filter: string;
  /** Milliseconds. */
  readonly since?: number;
  readonly limit: number;
  readonly follow?: true;
  readonly output: OutputFormat;
}

const limitDefault = 50;

const examples = `
Examples:
  headgate audit
  headgate audit --since 24h --filter 'outcome = denied'
  headgate audit --filter 'kind = key AND name = "alice-*"' -o json
  headgate audit --follow

Filters compare actor, role, method, address, outcome, kind and name, joined by AND, OR, NOT.`;

export function auditCommand(io: Io): Command {
  return addAdminFlags(
    new Command("audit")
      .description("print who did what, newest first")
      .option("--filter <filter>", "only those that match", "")
      .option("--since <duration>", "not older than this, as 30m or 24h", parseDurationMs)
      .option("--limit <entries>", "how many at most", parseLimit, limitDefault)
      .option("--follow", "print new ones as they are made, until stopped")
      .addOption(outputFlag()),
  )
    .addHelpText("after", examples)
    .action(async (flags: AuditFlags) => {
      const { audit } = await import("../admin/audit.ts");
      await audit(io, flags);
    });
}
