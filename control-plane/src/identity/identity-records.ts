import { type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { admin, discovery } from "@headgate/proto";
import type { ResourceCodec } from "../resources/resource-codec.ts";
import type { Entry, Write } from "../store/store.ts";

/** Messages of one type under one prefix of the store, sealed. */
export interface RecordKind<Desc extends DescMessage> {
  readonly prefix: string;
  readonly schema: Desc;
}

/** What replicas share to know nodes. */
export const identityPrefix = "/identity/";

/** Nodes that have joined, by name. */
export const nodeRecords = {
  prefix: "/nodes/",
  schema: discovery.RegisteredNodeSchema,
} as const satisfies RecordKind<typeof discovery.RegisteredNodeSchema>;

/** Join tokens by id; the settings' own is not among them. */
export const joinTokenRecords = {
  prefix: "/join-tokens/",
  schema: admin.StoredJoinTokenSchema,
} as const satisfies RecordKind<typeof admin.StoredJoinTokenSchema>;

export function recordKey(kind: { readonly prefix: string }, name: string): string {
  return kind.prefix + name;
}

export function putRecord<Desc extends DescMessage>(
  kind: RecordKind<Desc>,
  name: string,
  { message, codec }: { message: MessageShape<Desc>; codec: ResourceCodec },
): Write {
  const key = recordKey(kind, name);
  return { type: "put", key, value: codec.seal(key, toBinary(kind.schema, message)) };
}

/** @throws UnsealError if it was sealed with another key, or is damaged. */
export function readRecord<Desc extends DescMessage>(
  kind: RecordKind<Desc>,
  entry: Pick<Entry, "key" | "value">,
  codec: ResourceCodec,
): MessageShape<Desc> {
  return fromBinary(kind.schema, codec.open(entry));
}
