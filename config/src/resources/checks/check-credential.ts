import { resources } from "@headgate/proto";
import { z } from "zod";
import { secretMaxLength } from "../../secrets/sources/secret-source.ts";
import { serviceAccountProblem } from "../service-account.ts";
import {
  headerWord,
  headerWordProblem,
  noLimitsYet,
  readByLoader,
  resourceName,
  weight,
} from "./common.ts";
import type { AddIssue } from "./field-of-type.ts";

const { ProviderType } = resources;

/** What any credential says of itself; for what its provider's type adds, see checkSecrets(). */
export const credentialCheck = z.object({
  name: resourceName,
  apiKey: z.string().max(secretMaxLength, `is too long: at most ${secretMaxLength} characters`),
  apiKeyFile: z.literal("", {
    error: "a file is read by whoever loads the YAML: send its content as api_key",
  }),
  accessKeyId: z.string().regex(/^\w{0,128}$/, "is not an access key id, such as AKIAEXAMPLE"),
  secretAccessKey: headerWord(256),
  sessionToken: headerWord(secretMaxLength),
  apiKeyFrom: readByLoader("api_key"),
  secretAccessKeyFrom: readByLoader("secret_access_key"),
  sessionTokenFrom: readByLoader("session_token"),
  weight,
  limits: noLimitsYet,
});

export type CredentialFields = z.output<typeof credentialCheck>;

/** The secrets of one credential, as its provider's type wants them. */
export function checkSecrets(type: number, credential: CredentialFields, add: AddIssue): void {
  const { apiKey } = credential;
  const problem =
    type === ProviderType.VERTEX && apiKey !== ""
      ? serviceAccountProblem(apiKey)
      : headerWordProblem(apiKey);
  if (problem !== undefined) add(["apiKey"], problem);
  if (type === ProviderType.BEDROCK) checkAccessKey(credential, add);
  else refuseAccessKey(credential, add);
}

/** Either a key of Bedrock's own, or the pair that signs requests. */
function checkAccessKey(credential: CredentialFields, add: AddIssue): void {
  const { apiKey, accessKeyId, secretAccessKey, sessionToken } = credential;
  if (apiKey !== "" && accessKeyId !== "") {
    add(["accessKeyId"], "give either api_key or an access key, not both");
    return;
  }
  if (accessKeyId !== "" && secretAccessKey === "") {
    add(["secretAccessKey"], "is missing: an access key has access_key_id and secret_access_key");
  }
  if (accessKeyId === "" && (secretAccessKey !== "" || sessionToken !== "")) {
    add(["accessKeyId"], "is missing: an access key has access_key_id and secret_access_key");
  }
}

function refuseAccessKey(credential: CredentialFields, add: AddIssue): void {
  for (const field of ["accessKeyId", "secretAccessKey", "sessionToken"] as const) {
    if (credential[field] !== "") add([field], "is for type bedrock only, remove it");
  }
}
