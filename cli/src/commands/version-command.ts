import { Command } from "commander";
import type { Io } from "../io.ts";
import { version } from "../version.ts";

export function versionCommand(io: Io): Command {
  return new Command("version")
    .description("print the version of Headgate and of Node")
    .action(() => {
      const { version: node, platform, arch } = process;
      io.stdout.write(`headgate ${version} (node ${node}, ${platform}-${arch})\n`);
    });
}
