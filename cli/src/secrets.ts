import { join } from "node:path";
import { createSealer, loadKeyRing, type Sealer } from "@headgate/config";
import { checkedAdminToken, loadOrCreateAdminToken } from "./admin-token-file.ts";
import type { Environment } from "./io.ts";
import { secretSources } from "./secret-sources.ts";

/** What lets administrators in. */
export interface AdminTokenAndOrigin {
  readonly token: string;
  /** For people: where it is kept. */
  readonly origin: string;
}

/** Seals what is written to disk and store, under the master keys (see loadKeyRing()). */
export async function loadSealer(env: Environment, directory: string): Promise<Sealer> {
  const ring = await loadKeyRing({ directory, env, sources: secretSources(env) });
  return createSealer(ring.current, ring.previous);
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
