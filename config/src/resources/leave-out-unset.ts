import type { resources } from "@headgate/proto";
import { joinPath, type Problem } from "../problem.ts";
import type { PlacedValue } from "../yaml/placed.ts";
import { checkResource } from "./check-resource.ts";
import { type UnsetSecrets, unsetSecrets } from "./unset-secrets.ts";

export interface LeaveOutResult {
  readonly notices: readonly string[];
  /** Of what is left: it can have lost its only weight. */
  readonly leftOut: readonly Problem[];
}

/**
 * One file for every machine: `api_key: ${OPENAI_API_KEY:-}` says "if there is one", and so do the
 * halves of an access key and `service_account_file`. Where there is none, the credential goes; with the last credential the provider, with the provider its
 * deployments, with the last deployment the model. Changes `set`.
 */
export function leaveOutUnset(set: resources.ResourceSet, root: PlacedValue): LeaveOutResult {
  const notices: string[] = [];
  const gone = new Set<string>();
  set.providers = set.providers.filter((provider, index) => {
    const unset = unsetSecrets(provider, ["providers", index], root);
    if (leaveOutCredentials(provider, unset, notices)) return true;
    gone.add(provider.name);
    return false;
  });
  if (gone.size > 0) set.models = set.models.filter((model) => keepModel(model, gone, notices));
  return { notices, leftOut: notices.length === 0 ? [] : problemsOf(set) };
}

/** Whether the provider stays, perhaps with fewer credentials. */
function leaveOutCredentials(
  provider: resources.Provider,
  unset: UnsetSecrets,
  notices: string[],
): boolean {
  const before = provider.credentials.length;
  provider.credentials = provider.credentials.filter(({ name }, index) => {
    const missing = unset.credentials[index] ?? [];
    if (missing.length > 0 && before > 1) {
      notices.push(
        `credential "${name}" of provider "${provider.name}" is left out: ` +
          `${missing.join(" and ")} is not set`,
      );
    }
    return missing.length === 0;
  });
  if (unset.provider.length === 0) return true;
  notices.push(`provider "${provider.name}" is left out: ${unset.provider.join(" and ")} not set`);
  return false;
}

function keepModel(model: resources.Model, gone: ReadonlySet<string>, notices: string[]): boolean {
  const before = model.deployments.length;
  model.deployments = model.deployments.filter(({ provider }) => !gone.has(provider));
  const after = model.deployments.length;
  if (after === before) return true;
  notices.push(
    after > 0
      ? `model "${model.name}" goes without ${before - after} of its ${before} deployments`
      : `model "${model.name}" is left out: its providers are`,
  );
  return after > 0;
}

function problemsOf(set: resources.ResourceSet): readonly Problem[] {
  return [
    ...set.providers.flatMap((one) =>
      withName("provider", one.name, checkResource("provider", one)),
    ),
    ...set.models.flatMap((one) => withName("model", one.name, checkResource("model", one))),
  ];
}

function withName(kind: string, name: string, problems: readonly Problem[]): readonly Problem[] {
  return problems.map(({ path, message }) => ({
    path: joinPath(`${kind} "${name}"`, path),
    message: `${message} (after leaving out what is not set)`,
  }));
}
