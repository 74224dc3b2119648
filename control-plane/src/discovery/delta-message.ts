import { create, fromBinary, toBinary, type UnknownField } from "@bufbuild/protobuf";
import { discovery } from "@headgate/proto";
import type { Delta } from "./delta.ts";

/** All of a delta but the nonce, as it is sent; made once for all nodes that get it. */
const encoded = new WeakMap<Delta, readonly UnknownField[]>();

/**
 * A delta as it is sent. It is in it as bytes that were encoded before, so read it with
 * `withReadableUpserts` if not over the wire.
 */
export function deltaMessage(delta: Delta, nonce: string): discovery.StreamSnapshotsResponse {
  const message = create(discovery.StreamSnapshotsResponseSchema, { nonce });
  let fields = encoded.get(delta);
  if (!fields) {
    fields = encode(delta);
    encoded.set(delta, fields);
  }
  message.$unknown = [...fields];
  return message;
}

/** The same with its fields filled in: for answers in JSON, where bytes can't be passed on. */
export function withReadableUpserts(
  message: discovery.StreamSnapshotsResponse,
): discovery.StreamSnapshotsResponse {
  const schema = discovery.StreamSnapshotsResponseSchema;
  return fromBinary(schema, toBinary(schema, message));
}

/**
 * protobuf-es writes an "unknown" field as its tag and then its data, as they are. So one of them can
 * carry any number of fields: the tag of the first, and all that follows as the data.
 * https://protobuf.dev/programming-guides/encoding/#structure (tags below 16 are one byte)
 */
function encode(delta: Delta): readonly UnknownField[] {
  const message = create(discovery.StreamSnapshotsResponseSchema, {
    fromVersion: BigInt(delta.fromVersion),
    version: BigInt(delta.version),
    removed: [...delta.removed],
    stateHash: delta.stateHash,
  });
  message.$unknown = delta.upserts.map((entry) => entry.field);
  const bytes = toBinary(discovery.StreamSnapshotsResponseSchema, message);
  const tag = bytes[0];
  if (tag === undefined) return [];
  return [{ no: tag >>> 3, wireType: tag & 7, data: bytes.subarray(1) }];
}
