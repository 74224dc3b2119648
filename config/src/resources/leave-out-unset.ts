import type { resources } from "@headgate/proto";
import { joinPath, type Problem } from "../problem.ts";
import { type PlacedValue, valueAt } from "../yaml/placed.ts";
import { checkResource } from "./check-resource.ts";

export interface LeaveOutResult {
  readonly notices: readonly string[];
  /** Of what is left: it can have lost its only weight. */
  readonly leftOut: readonly Problem[];
}

/**
 * One file for every machine: `api_key: ${OPENAI_API_KEY:-}` says "if there is one". Where there is
 * none, the credential goes; with the last credential the provider, with the provider its
 * deployments, with the last deployment the model. Changes `set`.
 */
export function leaveOutUnset(set: resources.ResourceSet, root: PlacedValue): LeaveOutResult {
  const notices: string[] = [];
  const gone = new Set<string>();
  set.providers = set.providers.filter((provider, index) => {
    if (!leaveOutCredentials(provider, ["providers", index], root, notices)) return true;
    if (provider.credentials.length > 0) return true;
    gone.add(provider.name);
    return false;
  });
  if (gone.size > 0) set.models = set.models.filter((model) => keepModel(model, gone, notices));
  return { notices, leftOut: notices.length === 0 ? [] : problemsOf(set) };
}

/** Whether any went. */
function leaveOutCredentials(
  provider: resources.Provider,
  path: readonly (string | number)[],
  root: PlacedValue,
  notices: string[],
): boolean {
  const before = provider.credentials.length;
  const unset: string[] = [];
  provider.credentials = provider.credentials.filter((credential, index) => {
    const value = valueAt(root, [...path, "credentials", index, "api_key"]);
    const variable = value?.kind === "scalar" ? value.emptyVariable : undefined;
    if (variable === undefined || credential.apiKey !== "") return true;
    unset.push(variable);
    if (before > 1) {
      notices.push(
        `credential "${credential.name}" of provider "${provider.name}" is left out: ` +
          `${variable} is not set`,
      );
    }
    return false;
  });
  if (provider.credentials.length === 0 && unset.length > 0) {
    notices.push(`provider "${provider.name}" is left out: ${unset.join(" and ")} not set`);
  }
  return unset.length > 0;
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
