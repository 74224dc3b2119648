import { Command, Option } from "commander";
import { parseDurationMs } from "../flag-values.ts";
import type { Io } from "../io.ts";
import { type AdminFlags, addAdminFlags, type OutputFormat, outputFlag } from "./admin-flags.ts";

export interface CreateTokenFlags extends AdminFlags {
  readonly role: "admin" | "editor" | "viewer" | "team";
  readonly team?: string;
  /** Milliseconds. */
  readonly ttl?: number;
}

export interface ListFlags extends AdminFlags {
  readonly output: OutputFormat;
}

const examples = `
Examples:
  headgate tokens create ci --role editor --ttl 720h
  headgate tokens create research-lead --role team --team research
  headgate tokens list
  headgate tokens delete ci                the token is refused from now on

Roles: admin (everything), editor (resources), viewer (read), team (the keys of one team).`;

/** The tokens that people and programs show to the admin API. */
export function tokensCommand(io: Io): Command {
  const tokens = new Command("tokens")
    .description("make, list and delete tokens for the admin API")
    .helpCommand(false);
  tokens.addCommand(createCommand(io));
  tokens.addCommand(listCommand(io));
  tokens.addCommand(deleteCommand(io));
  return tokens.addHelpText("after", examples);
}

function createCommand(io: Io): Command {
  return addAdminFlags(
    new Command("create")
      .description("make an admin token and print it, once")
      .argument("<name>", "of the token")
      .addOption(
        new Option("--role <role>", "what it may do")
          .choices(["admin", "editor", "viewer", "team"])
          .makeOptionMandatory(),
      )
      .option("--team <team>", "with the role team: whose keys it manages")
      .option(
        "--ttl <duration>",
        "how long it is good for, as 720h (default: for ever)",
        parseDurationMs,
      ),
  ).action(async (name: string, flags: CreateTokenFlags) => {
    const { createToken } = await import("../admin/tokens.ts");
    await createToken(io, { name, flags });
  });
}

function listCommand(io: Io): Command {
  return addAdminFlags(
    new Command("list")
      .description("print all admin tokens, without what they are")
      .addOption(outputFlag()),
  ).action(async (flags: ListFlags) => {
    const { listTokens } = await import("../admin/tokens.ts");
    await listTokens(io, flags);
  });
}

function deleteCommand(io: Io): Command {
  return addAdminFlags(
    new Command("delete")
      .description("refuse tokens from now on")
      .argument("<names...>", "of the tokens"),
  ).action(async (names: readonly string[], flags: AdminFlags) => {
    const { deleteTokens } = await import("../admin/tokens.ts");
    await deleteTokens(io, { names, flags });
  });
}
