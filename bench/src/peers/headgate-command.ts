import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Command } from "../process/children.ts";
import type { Probe } from "./peer.ts";

const program = fileURLToPath(new URL("../../../cli/bin/headgate.js", import.meta.url));

/** Known to nobody else, and for planes that live as long as a run. */
export const adminToken = "bench-admin-token-0123456789abcdef";
export const keySecret = "sk-hg-bench-0123456789abcdef";

export function headgateCommand(args: readonly string[]): Command {
  return {
    file: process.execPath,
    args: [program, ...args],
    environment: { HEADGATE_ADMIN_TOKEN: adminToken },
  };
}

export async function probeHeadgate(): Promise<Probe> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [program, "version"]);
    return { available: true, version: /\d+\.\d+\.\d+\S*/.exec(stdout)?.[0] ?? stdout.trim() };
  } catch (error) {
    return { available: false, reason: `headgate does not start: ${String(error).slice(0, 300)}` };
  }
}
