import { create } from "@bufbuild/protobuf";
import { resources } from "@headgate/proto";
import type { Path } from "../problem.ts";
import type { LoadResourceSetOptions } from "./load-resource-set.ts";
import { readSecretFile } from "./secret-file.ts";
import { serviceAccountProblem } from "./service-account.ts";

export interface ReadSecretFilesOptions extends Pick<LoadResourceSetOptions, "file" | "readFile"> {
  readonly report: (path: Path, message: string) => void;
}

/** Put in place of each `api_key_file` and `service_account_file` what it holds. Changes `set`. */
export function readSecretFiles(set: resources.ResourceSet, options: ReadSecretFilesOptions): void {
  for (const [index, provider] of set.providers.entries()) {
    for (const [position, credential] of provider.credentials.entries()) {
      readApiKey(credential, ["providers", index, "credentials", position], options);
    }
    if (provider.type === resources.ProviderType.VERTEX && provider.serviceAccountFile !== "") {
      readServiceAccount(provider, ["providers", index], options);
    }
  }
}

function readApiKey(
  credential: resources.Credential,
  credentialPath: Path,
  options: ReadSecretFilesOptions,
): void {
  if (credential.apiKeyFile === "") return;
  const path = [...credentialPath, "api_key_file"];
  if (credential.apiKey !== "") {
    options.report(path, "give either api_key or api_key_file, not both");
  }
  const result = readSecretFile(credential.apiKeyFile, options);
  if (result.ok) credential.apiKey = result.secret;
  else options.report(path, result.message);
  credential.apiKeyFile = "";
}

/** For the credentials that have no secret of their own; where there is none, one is made. */
function readServiceAccount(
  provider: resources.Provider,
  providerPath: Path,
  options: ReadSecretFilesOptions,
): void {
  const result = readSecretFile(provider.serviceAccountFile, options);
  const content = result.ok ? result.secret : "";
  const problem = result.ok ? serviceAccountProblem(content) : result.message;
  if (problem !== undefined) options.report([...providerPath, "service_account_file"], problem);
  provider.serviceAccountFile = "";
  if (provider.credentials.length === 0) {
    provider.credentials.push(create(resources.CredentialSchema, { name: provider.name }));
  }
  if (problem !== undefined) return;
  for (const credential of provider.credentials) credential.apiKey ||= content;
}
