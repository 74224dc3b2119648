import { type Command, Option } from "commander";
import { parseServer } from "../flag-values.ts";

/** Where the admin API is and how we are let in. */
export interface AdminFlags {
  readonly server: string;
  readonly token?: string;
  readonly dataDir: string;
}

export function addAdminFlags(command: Command): Command {
  return command
    .option("--server <url>", "admin API to talk to", parseServer, "http://127.0.0.1:8081")
    .option("--token <token>", "admin token; without it, the one in the data directory")
    .option(
      "--data-dir <dir>",
      "where the server on this machine keeps its admin token",
      ".headgate",
    );
}

export type OutputFormat = "table" | "json" | "yaml";

export function outputFlag(): Option {
  return new Option("-o, --output <format>", "how to print")
    .choices(["table", "json", "yaml"])
    .default("table");
}

export function fileFormatFlag(): Option {
  return new Option("-o, --output <format>", "how to print")
    .choices(["yaml", "json"])
    .default("yaml");
}
