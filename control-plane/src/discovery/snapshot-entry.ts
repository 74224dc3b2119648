import { create, type UnknownField } from "@bufbuild/protobuf";
import { sizeDelimitedEncode, WireType } from "@bufbuild/protobuf/wire";
import { resourceHash } from "@headgate/core";
import { discovery, type resources } from "@headgate/proto";
import { parseResourceKey, type ResourceCodec } from "../resources/resource-codec.ts";
import { resourceId } from "../resources/resource-kind.ts";
import { settingsFromEntry } from "../resources/settings.ts";
import type { Entry } from "../store/store.ts";
import type { SnapshotEntry } from "./snapshot-history.ts";

/**
 * A store entry as nodes get it. Undefined for a kind that this build does not know: a newer
 * replica wrote it, and its nodes would not know it either.
 */
export function snapshotEntryFrom(entry: Entry, codec: ResourceCodec): SnapshotEntry | undefined {
  const id = parseResourceKey(entry.key);
  const resource = id && resourceField(id.kind, entry, codec);
  if (!id || !resource) return undefined;
  const revision = BigInt(entry.revision);
  const admits = resource.case === "key" ? secretHashInForce(resource.value) : undefined;
  const team = resource.case === "key" ? resource.value.team : "";
  const message = create(discovery.ResourceSchema, {
    resource: withoutMetadata(resource),
    revision,
  });
  return {
    ...id,
    revision: entry.revision,
    hash: resourceHash({ ...id, revision }),
    field: upsertField(message),
    ...(admits !== undefined && { admits }),
    ...(team !== "" && { needs: resourceId("team", team) }),
  };
}

type ResourceField = Exclude<discovery.Resource["resource"], { case: undefined }>;

function resourceField(
  kind: string,
  entry: Entry,
  codec: ResourceCodec,
): ResourceField | undefined {
  switch (kind) {
    case "provider":
      return { case: kind, value: codec.decode(kind, entry).resource };
    case "model":
      return { case: kind, value: codec.decode(kind, entry).resource };
    case "team":
      return { case: kind, value: codec.decode(kind, entry).resource };
    case "key":
      return { case: kind, value: codec.decode(kind, entry).resource };
    case "policy":
      return { case: kind, value: codec.decode(kind, entry).resource };
    case "settings":
      return { case: kind, value: settingsFromEntry(entry, codec) };
    default:
      return undefined;
  }
}

/** Who wrote it and when is of no use to nodes, and a third of the bytes of a key. */
function withoutMetadata(resource: ResourceField): ResourceField {
  if ("metadata" in resource.value) delete resource.value.metadata;
  return resource;
}

function secretHashInForce(key: resources.Key): string | undefined {
  return key.revokeTime ? undefined : key.secretHash;
}

/** protobuf-es writes "unknown" fields as they are, so that bytes made once serve all nodes. */
function upsertField(resource: discovery.Resource): UnknownField {
  return {
    no: discovery.StreamSnapshotsResponseSchema.field.upserts.number,
    wireType: WireType.LengthDelimited,
    data: sizeDelimitedEncode(discovery.ResourceSchema, resource),
  };
}
