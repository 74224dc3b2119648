import { join } from "node:path";
import { createSealer, loadOrCreateKeyFile, type Sealer } from "@headgate/config";
import { checkedAdminToken, loadOrCreateAdminToken } from "./admin-token-file.ts";
import type { Environment } from "./io.ts";

/** What lets administrators in. */
export interface AdminTokenAndOrigin {
  readonly token: string;
  /** For people: where it is kept. */
  readonly origin: string;
}

/** Seals what is written to disk, under HEADGATE_MASTER_KEY or `<dir>/master.key`. */
export async function loadSealer(env: Environment, dir: string): Promise<Sealer> {
  const path = join(dir, "master.key");
  return createSealer(await loadOrCreateKeyFile({ path, base64: env["HEADGATE_MASTER_KEY"] }));
}

/** HEADGATE_ADMIN_TOKEN, else the one in the settings, else `<dir>/admin-token`, made at first start. */
export async function loadAdminToken(
  env: Environment,
  dir: string,
  configured?: string,
): Promise<AdminTokenAndOrigin> {
  const fromEnvironment = env["HEADGATE_ADMIN_TOKEN"] ?? "";
  if (fromEnvironment !== "") {
    return { token: checkedAdminToken(fromEnvironment), origin: "HEADGATE_ADMIN_TOKEN" };
  }
  if (configured !== undefined) {
    return { token: checkedAdminToken(configured), origin: "admin_token of the settings" };
  }
  const path = join(dir, "admin-token");
  return { token: await loadOrCreateAdminToken(path), origin: path };
}
