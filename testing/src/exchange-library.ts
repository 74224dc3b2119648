import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Exchange } from "./exchange.ts";

export interface ExchangeFilter {
  /** File names start with `<provider>__<kind>`; files that cannot match are not read. */
  readonly kinds?: readonly string[];
  readonly providers?: readonly string[];
  readonly where?: (exchange: Exchange) => boolean;
}

/** The shared folder of recorded provider exchanges. Nothing is read until it is asked for. */
export interface ExchangeLibrary {
  readonly folder: string;
  /** In the order of their names. */
  list(filter?: ExchangeFilter): readonly Exchange[];
}

/** Where the recordings are looked for, in this order. */
export function exchangeFolders(env: NodeJS.ProcessEnv = process.env): readonly string[] {
  const named = env["HEADGATE_EXCHANGES"];
  return named ? [resolve(named)] : [resolve(repositoryRoot, "..", "shared", "exchanges")];
}

/** The library, or undefined on a machine without the recordings. */
export function openExchanges(env: NodeJS.ProcessEnv = process.env): ExchangeLibrary | undefined {
  const folder = exchangeFolders(env).find((candidate) => existsSync(candidate));
  if (folder === undefined) return undefined;
  return { folder, list: (filter = {}) => listExchanges(folder, filter) };
}

const repositoryRoot = resolve(import.meta.dirname, "..", "..");

function listExchanges(folder: string, filter: ExchangeFilter): readonly Exchange[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json") && mayMatch(file, filter))
    .sort()
    .map((file): Exchange => JSON.parse(readFileSync(join(folder, file), "utf8")))
    .filter((exchange) => filter.kinds?.includes(exchange.kind) ?? true)
    .filter((exchange) => filter.where?.(exchange) ?? true);
}

function mayMatch(file: string, { kinds, providers }: ExchangeFilter): boolean {
  const [provider = "", kind = ""] = file.split("__");
  if (providers && !providers.includes(provider)) return false;
  return (
    kinds === undefined || kinds.includes(kind.replace(/-stream$/, "")) || kinds.includes(kind)
  );
}
