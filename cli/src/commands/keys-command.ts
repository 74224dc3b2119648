import { Command } from "commander";
import { collectNames } from "../flag-values.ts";
import type { Io } from "../io.ts";
import { type AdminFlags, addAdminFlags, type OutputFormat, outputFlag } from "./admin-flags.ts";

export interface CreateKeyFlags extends AdminFlags {
  readonly team?: string;
  readonly user?: string;
  readonly models?: readonly string[];
}

export interface ListKeysFlags extends AdminFlags {
  readonly output: OutputFormat;
}

const examples = `
Examples:
  headgate keys create alice-laptop --team research --user alice --models 'gpt-4o,claude-*'
  KEY=$(headgate keys create ci)            the secret alone is on standard output, once
  headgate keys list
  headgate keys rotate alice-laptop         a new secret; the old one is refused from now on
  headgate keys revoke alice-laptop         refuse it for ever`;

/** The keys that applications show: made, listed, given a new secret, refused. */
export function keysCommand(io: Io): Command {
  const keys = new Command("keys")
    .description("make, list, rotate and revoke keys")
    .helpCommand(false);
  keys.addCommand(createCommand(io));
  keys.addCommand(listCommand(io));
  keys.addCommand(rotateCommand(io));
  keys.addCommand(revokeCommand(io));
  return keys.addHelpText("after", examples);
}

function createCommand(io: Io): Command {
  return addAdminFlags(
    new Command("create")
      .description("make a key and print its secret, once")
      .argument("<name>", "of the key")
      .option("--team <team>", "who pays")
      .option("--user <user>", "who holds it")
      .option(
        "--models <names>",
        "models it may call, globs too, comma-separated (default: all)",
        collectNames,
      ),
  ).action(async (name: string, flags: CreateKeyFlags) => {
    const { createKey } = await import("../admin/keys.ts");
    await createKey(io, { name, flags });
  });
}

function listCommand(io: Io): Command {
  return addAdminFlags(
    new Command("list").description("print all keys, without secrets").addOption(outputFlag()),
  ).action(async (flags: ListKeysFlags) => {
    const { get } = await import("../admin/get.ts");
    await get(io, { kind: "key", name: undefined, flags });
  });
}

function rotateCommand(io: Io): Command {
  return addAdminFlags(
    new Command("rotate")
      .description("give a key a new secret and print it, once; the old one is refused")
      .argument("<name>", "of the key"),
  ).action(async (name: string, flags: AdminFlags) => {
    const { rotateKey } = await import("../admin/keys.ts");
    await rotateKey(io, { name, flags });
  });
}

function revokeCommand(io: Io): Command {
  return addAdminFlags(
    new Command("revoke")
      .description("refuse keys for ever, and keep their record")
      .argument("<names...>", "of the keys"),
  ).action(async (names: readonly string[], flags: AdminFlags) => {
    const { revokeKeys } = await import("../admin/keys.ts");
    await revokeKeys(io, { names, flags });
  });
}
