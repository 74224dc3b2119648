import { clone } from "@bufbuild/protobuf";
import type { ResourceKind, ResourceMessages } from "@headgate/config";
import type { resources } from "@headgate/proto";
import { schemaOf } from "../resources/resource-codec.ts";
import type { AnyResource } from "../resources/resource-kind.ts";

/** The resource as anybody may see it: what is write-only is absent. */
export function withoutSecrets<K extends ResourceKind>(
  kind: K,
  resource: ResourceMessages[K],
): ResourceMessages[K] {
  // As in schemaOf(): the copy has the type of the original.
  const copy = clone(schemaOf(kind), resource as resources.Provider) as unknown;
  removeSecrets(copy as AnyResource);
  return copy as ResourceMessages[K];
}

function removeSecrets(resource: AnyResource): void {
  switch (resource.$typeName) {
    case "headgate.resources.v1.Provider":
      for (const credential of resource.credentials) {
        credential.apiKey = "";
        credential.secretAccessKey = "";
        credential.sessionToken = "";
      }
      break;
    case "headgate.resources.v1.Key":
      resource.secret = "";
      break;
    default:
      break;
  }
}
