import { clone, create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  checkResource,
  missingSecrets,
  type Problem,
  type ResourceKind,
  type ResourceMessages,
} from "@headgate/config";
import { resources } from "@headgate/proto";
import { hashKeySecret } from "../resources/key-secret.ts";
import { type StoredResource, schemaOf } from "../resources/resource-codec.ts";
import type { AnyResource } from "../resources/resource-kind.ts";

export interface PrepareOptions {
  /** What is stored now. */
  readonly before: StoredResource | undefined;
  readonly hmacKey: Uint8Array;
  readonly nowMs: number;
  /** As in metadata: empty for the API. */
  readonly managedBy: string;
}

export type Prepared<T> =
  | { readonly ok: true; readonly resource: T }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * From what a caller sent to what is stored: secrets that were left out are kept, a key's secret
 * becomes its hash, metadata is ours, and the whole is checked.
 */
export function prepareResource<K extends ResourceKind>(
  kind: K,
  input: ResourceMessages[K],
  options: PrepareOptions,
): Prepared<ResourceMessages[K]> {
  // As in schemaOf(): the copy has the type of the original.
  const copy = clone(schemaOf(kind), input as resources.Provider) as unknown;
  const resource = copy as ResourceMessages[K];
  resource.metadata = metadataFor(options);
  keepStoredParts(resource, options.before?.resource);
  const own = checkResource(kind, resource);
  const problems = [...own, ...checkHasSecret(resource).filter((one) => !isToldBy(own, one))];
  if (problems.length > 0) return { ok: false, problems };
  hideSecret(resource, options.hmacKey);
  return { ok: true, resource };
}

function metadataFor({ before, nowMs, managedBy }: PrepareOptions): resources.Metadata {
  const now = timestampFromMs(nowMs);
  const createTime = before?.resource.metadata?.createTime ?? now;
  return create(resources.MetadataSchema, { createTime, updateTime: now, managedBy });
}

/** Secrets are write-only, so a caller who read the resource can't send them back. */
function keepStoredParts(resource: AnyResource, before: AnyResource | undefined): void {
  switch (resource.$typeName) {
    case "headgate.resources.v1.Provider":
      if (before?.$typeName === resource.$typeName) keepSecrets(resource, before);
      break;
    case "headgate.resources.v1.Key": {
      const stored = before?.$typeName === resource.$typeName ? before : undefined;
      if (resource.secret === "" && resource.secretHash === "") {
        resource.secretHash = stored?.secretHash ?? "";
      }
      // Only RevokeKey sets it, and nothing takes it back.
      if (stored?.revokeTime) resource.revokeTime = stored.revokeTime;
      else delete resource.revokeTime;
      break;
    }
    case "headgate.resources.v1.Policy":
      if (resource.name === "") resource.name = "default"; // There is one.
      break;
    default:
      break;
  }
}

function keepSecrets(resource: resources.Provider, before: resources.Provider): void {
  const stored = new Map(before.credentials.map((credential) => [credential.name, credential]));
  for (const credential of resource.credentials) {
    const own = stored.get(credential.name);
    if (own) keepSecret(credential, own);
  }
}

/** What belongs together is kept together: a session's token with its key, a key with its id. */
function keepSecret(credential: resources.Credential, stored: resources.Credential): void {
  if (credential.accessKeyId === "") {
    credential.apiKey ||= stored.apiKey;
  } else if (credential.accessKeyId === stored.accessKeyId && credential.secretAccessKey === "") {
    credential.secretAccessKey = stored.secretAccessKey;
    credential.sessionToken ||= stored.sessionToken;
  }
}

/** What was neither sent nor stored. In all of our own writes a key has a secret; an Apply can lack it. */
function checkHasSecret(resource: AnyResource): Problem[] {
  if (resource.$typeName === "headgate.resources.v1.Provider") return missingSecrets(resource);
  if (resource.$typeName !== "headgate.resources.v1.Key") return [];
  if (resource.secret !== "" || resource.secretHash !== "") return [];
  return [{ path: "secret", message: "is missing: give secret or secret_hash, or use CreateKey" }];
}

/** Whether something of the same message is wrong already, such as half an access key. */
function isToldBy(problems: readonly Problem[], { path }: Problem): boolean {
  const owner = path.slice(0, path.lastIndexOf(".") + 1);
  return owner !== "" && problems.some((one) => one.path.startsWith(owner));
}

function hideSecret(resource: AnyResource, hmacKey: Uint8Array): void {
  if (resource.$typeName !== "headgate.resources.v1.Key" || resource.secret === "") return;
  resource.secretHash = hashKeySecret(hmacKey, resource.secret);
  resource.secret = "";
}
