import { clone, create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type ResourceKind,
  type ResourceMessages,
  resourceKinds,
  type Sealer,
} from "@headgate/config";
import { resources } from "@headgate/proto";
import type { Entry } from "../store/store.ts";
import { type AnyResource, isResourceKind } from "./resource-kind.ts";

/**
 * The schema of a kind, as if it were a provider's. Sound because kind and message always travel
 * together and all kinds have `name` and `metadata`; TypeScript can't follow the pair.
 */
export function schemaOf(kind: ResourceKind): typeof resources.ProviderSchema {
  return resourceKinds[kind].schema as typeof resources.ProviderSchema;
}

/** Everything that nodes get is below this prefix, as `/resources/<kind>/<name>`. */
export const resourcesPrefix = "/resources/";

/** A resource as the store has it, with `metadata` complete. */
export interface StoredResource<K extends ResourceKind = ResourceKind> {
  readonly kind: K;
  readonly name: string;
  readonly resource: ResourceMessages[K];
  /** Revision of its last write: what to compare with. */
  readonly revision: number;
  /** Revision that created it: changes only if it is deleted and made again. */
  readonly createRevision: number;
}

export function kindPrefix(kind: ResourceKind | "settings"): string {
  return `${resourcesPrefix}${kind}/`;
}

export function resourceKey(kind: ResourceKind | "settings", name: string): string {
  return kindPrefix(kind) + name;
}

/** The reverse of resourceKey(); undefined for keys that are not a resource's. */
export function parseResourceKey(key: string): { kind: string; name: string } | undefined {
  if (!key.startsWith(resourcesPrefix)) return undefined;
  const slash = key.indexOf("/", resourcesPrefix.length);
  if (slash < 0) return undefined;
  return { kind: key.slice(resourcesPrefix.length, slash), name: key.slice(slash + 1) };
}

/**
 * Between messages and store values. Values are sealed, with the store's key as context, so
 * that a value copied over another key does not open.
 */
export class ResourceCodec {
  readonly #sealer: Sealer;

  constructor(sealer: Sealer) {
    this.#sealer = sealer;
  }

  /** `metadata.revision` is left out: the store's own is the truth. */
  encode(kind: ResourceKind, resource: AnyResource): Uint8Array {
    const schema = schemaOf(kind);
    const value = clone(schema, resource as resources.Provider); // As in schemaOf().
    if (value.metadata) value.metadata.revision = 0n;
    return this.seal(resourceKey(kind, resource.name), toBinary(schema, value));
  }

  /** Bytes before sealing. */
  sizeOf(kind: ResourceKind, resource: AnyResource): number {
    return toBinary(schemaOf(kind), resource as resources.Provider).byteLength; // As in schemaOf().
  }

  /** @throws UnsealError if the value was sealed with another key, or is damaged. */
  decode<K extends ResourceKind>(kind: K, entry: Entry): StoredResource<K> {
    const schema = schemaOf(kind);
    const resource = fromBinary(schema, this.open(entry));
    resource.metadata ??= create(resources.MetadataSchema);
    resource.metadata.revision = BigInt(entry.revision);
    return {
      kind,
      name: resource.name,
      resource: resource as unknown as ResourceMessages[K],
      revision: entry.revision,
      createRevision: entry.createRevision,
    };
  }

  /** Undefined for entries that are not one of the five kinds. */
  decodeEntry(entry: Entry): StoredResource | undefined {
    const id = parseResourceKey(entry.key);
    return id && isResourceKind(id.kind) ? this.decode(id.kind, entry) : undefined;
  }

  seal(key: string, bytes: Uint8Array): Uint8Array {
    return this.#sealer.seal(bytes, key);
  }

  open(entry: Pick<Entry, "key" | "value">): Uint8Array {
    return this.#sealer.open(entry.value, entry.key);
  }
}
