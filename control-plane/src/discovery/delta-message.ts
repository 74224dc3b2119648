import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { discovery } from "@headgate/proto";
import type { Delta } from "./snapshot-cache.ts";

/**
 * A delta as it is sent. Its upserts are in it as bytes that were encoded before (see
 * upsertField()), so read it with `withReadableUpserts` if not over the wire.
 */
export function deltaMessage(delta: Delta, nonce: string): discovery.StreamSnapshotsResponse {
  const message = create(discovery.StreamSnapshotsResponseSchema, {
    nonce,
    fromVersion: BigInt(delta.fromVersion),
    version: BigInt(delta.version),
    removed: [...delta.removed],
    stateHash: delta.stateHash,
  });
  message.$unknown = delta.upserts.map((entry) => entry.field);
  return message;
}

/** The same with `upserts` filled in: for answers in JSON, where bytes can't be passed on. */
export function withReadableUpserts(
  message: discovery.StreamSnapshotsResponse,
): discovery.StreamSnapshotsResponse {
  const schema = discovery.StreamSnapshotsResponseSchema;
  return fromBinary(schema, toBinary(schema, message));
}
