import { create } from "@bufbuild/protobuf";
import type { ResourceKind } from "@headgate/config";
import { admin } from "@headgate/proto";
import type { AnyResource } from "../resources/resource-kind.ts";
import { withoutSecrets } from "./without-secrets.ts";

/** A resource of any kind in one message, without secrets. */
export function resourceMessage(kind: ResourceKind, resource: AnyResource): admin.Resource {
  // Sound because kind and message travel together; TypeScript can't follow the pair.
  const value = withoutSecrets(kind, resource as never);
  return create(admin.ResourceSchema, {
    resource: { case: kind, value } as admin.Resource["resource"] & { readonly case: ResourceKind },
  });
}
