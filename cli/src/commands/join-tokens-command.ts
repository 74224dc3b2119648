import { Command } from "commander";
import { parseDurationMs, parseLimit } from "../flag-values.ts";
import type { Io } from "../io.ts";
import { type AdminFlags, addAdminFlags, outputFlag } from "./admin-flags.ts";
import type { ListFlags } from "./tokens-command.ts";

export interface CreateJoinTokenFlags extends AdminFlags {
  readonly region?: string;
  readonly node?: string;
  /** Milliseconds. */
  readonly ttl?: number;
  readonly uses: number;
}

const examples = `
Examples:
  headgate join-tokens create --region eu-west --node eu-west-1
  headgate join-tokens create --region eu-west --uses 20 --ttl 24h
  JOIN_TOKEN=$(headgate join-tokens create) headgate data-plane --config data-plane.yaml

A node shows it once; from then on it proves itself by a key of its own, in its state directory.`;

/** How data-plane nodes are let in. */
export function joinTokensCommand(io: Io): Command {
  const tokens = new Command("join-tokens")
    .description("make, list and delete tokens that let nodes in")
    .helpCommand(false);
  tokens.addCommand(createCommand(io));
  tokens.addCommand(listCommand(io));
  tokens.addCommand(deleteCommand(io));
  return tokens.addHelpText("after", examples);
}

function createCommand(io: Io): Command {
  return addAdminFlags(
    new Command("create")
      .description("make a join token and print it, once")
      .option("--region <region>", "of the nodes it lets in (default: any)")
      .option("--node <node>", "the one node it lets in, even if its name is taken (default: any)")
      .option(
        "--ttl <duration>",
        "how long it is good for, up to 720h (default: 1h)",
        parseDurationMs,
      )
      .option("--uses <nodes>", "how many nodes it lets in", parseLimit, 1),
  ).action(async (flags: CreateJoinTokenFlags) => {
    const { createJoinToken } = await import("../admin/join-tokens.ts");
    await createJoinToken(io, flags);
  });
}

function listCommand(io: Io): Command {
  return addAdminFlags(
    new Command("list")
      .description("print all join tokens, without what they are")
      .addOption(outputFlag()),
  ).action(async (flags: ListFlags) => {
    const { listJoinTokens } = await import("../admin/join-tokens.ts");
    await listJoinTokens(io, flags);
  });
}

function deleteCommand(io: Io): Command {
  return addAdminFlags(
    new Command("delete")
      .description("let nobody in with them any more; nodes that joined stay")
      .argument("<ids...>", "of the join tokens"),
  ).action(async (ids: readonly string[], flags: AdminFlags) => {
    const { deleteJoinTokens } = await import("../admin/join-tokens.ts");
    await deleteJoinTokens(io, { ids, flags });
  });
}
