import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { AdminFlags } from "../commands/admin-flags.ts";

export interface FoundToken {
  readonly token: string;
  /** For people: where it came from. */
  readonly origin: string;
}

/** The flag (or its twin in the environment), else the file a server on this machine made. */
export function findAdminToken(flags: AdminFlags): FoundToken | undefined {
  if (flags.token !== undefined && flags.token !== "") {
    return { token: flags.token.trim(), origin: "--token or HEADGATE_ADMIN_TOKEN" };
  }
  const file = adminTokenFile(flags.dataDir);
  const token = readIfPresent(file)?.trim();
  return token === undefined || token === "" ? undefined : { token, origin: file };
}

function adminTokenFile(dataDir: string): string {
  return join(dataDir, "admin-token");
}

/** Where the token is looked for, for a message. */
export function tokenPlaces({ dataDir }: AdminFlags): string {
  return `--token, HEADGATE_ADMIN_TOKEN, ${adminTokenFile(dataDir)} (--data-dir names another directory)`;
}

/** A file that is there but not ours to read counts as absent: the message names it in both cases. */
function readIfPresent(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
