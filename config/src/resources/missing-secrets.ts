import type { resources } from "@headgate/proto";
import type { Problem } from "../problem.ts";
import { vendorHost } from "./provider-defaults.ts";
import { hasSecret } from "./unset-secrets.ts";

export function missingApiKey(host: string): string {
  return `is missing: ${host} answers no call without one`;
}

/** The credentials of a provider that need a secret and have none. For one whose secrets are all there. */
export function missingSecrets(provider: resources.Provider): Problem[] {
  const host = vendorHost(provider);
  if (host === undefined) return [];
  return provider.credentials.flatMap((credential, index) =>
    hasSecret(credential)
      ? []
      : [{ path: `credentials[${index}].api_key`, message: missingApiKey(host) }],
  );
}
