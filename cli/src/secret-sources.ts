import { createSecretSources, type SecretSource } from "@headgate/config";
import { systemClock } from "@headgate/core";
import type { Environment } from "./io.ts";

/** Where secrets of the user's own files are read from, and the master key. */
export function secretSources(env: Environment): SecretSource {
  return createSecretSources({ env, clock: systemClock });
}
