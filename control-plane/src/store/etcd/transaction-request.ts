import type { ICompare, IRequestOp, ITxnRequest, ITxnResponse } from "etcd3";
import type { Compare, Transaction, TransactionResult, Write } from "../store.ts";
import { integerFrom } from "./entry-from.ts";
import type { KeySpace } from "./key-space.ts";

/** etcd's default, --max-request-bytes. */
const requestBytesMax = 1536 * 1024;

/** What protobuf adds to the bytes of one compare, write or read, at most. */
const operationOverheadBytes = 64;

/**
 * A transaction as etcd takes it. Where compares fail, etcd tells only that some did: so it reads
 * then what was compared, and `transactionResult` compares again.
 *
 * @throws {RangeError} when it is larger than etcd takes in one request.
 */
export function transactionRequest(transaction: Transaction, keys: KeySpace): ITxnRequest {
  const { compare = [], writes } = transaction;
  const request = {
    compare: compare.map((each) => compareFrom(each, keys)),
    success: writes.map((write) => operationFrom(write, keys)),
    failure: comparedKeys(transaction).map((key) => ({
      request_range: { key: keys.inside(key), keys_only: true },
    })),
  };
  assertSize(request);
  return request;
}

/** What `response` says of `transaction`. */
export function transactionResult(
  transaction: Transaction,
  response: ITxnResponse,
): TransactionResult {
  const revision = integerFrom(response.header.revision);
  if (response.succeeded) return { ok: true, revision };
  const found = comparedKeys(transaction).map((key, index) => {
    const kv = response.responses[index]?.response_range.kvs[0];
    return [key, { revision: kv?.mod_revision, createRevision: kv?.create_revision }] as const;
  });
  const actual = new Map(found);
  const holds = ({ key, revision, target = "revision" }: Compare): boolean =>
    integerFrom(actual.get(key)?.[target] ?? "0") === revision;
  const failed = (transaction.compare ?? []).filter((compare) => !holds(compare));
  return { ok: false, revision, conflicts: [...new Set(failed.map(({ key }) => key))] };
}

function comparedKeys({ compare = [] }: Transaction): string[] {
  return [...new Set(compare.map(({ key }) => key))];
}

/** An absent key has revision 0 for etcd too. */
function compareFrom({ key, revision, target }: Compare, keys: KeySpace): ICompare {
  const equal = { result: "Equal", key: keys.inside(key) } as const;
  return target === "createRevision"
    ? { ...equal, target: "Create", create_revision: revision }
    : { ...equal, target: "Mod", mod_revision: revision };
}

/** Values are copied, so that they are those of now however often the request is sent. */
function operationFrom(write: Write, keys: KeySpace): IRequestOp {
  const key = keys.inside(write.key);
  if (write.type === "delete") return { request_delete_range: { key } };
  const lease = write.lease ? { lease: write.lease.id } : {};
  return { request_put: { key, value: Buffer.from(write.value), ...lease } };
}

function assertSize({ compare = [], success = [], failure = [] }: ITxnRequest): void {
  let bytes = (compare.length + success.length + failure.length) * operationOverheadBytes;
  for (const { key } of compare) bytes += key?.length ?? 0;
  for (const { request_put: put, request_delete_range: remove } of success) {
    bytes += (put?.key?.length ?? 0) + (put?.value?.length ?? 0) + (remove?.key?.length ?? 0);
  }
  for (const { request_range: range } of failure) bytes += range?.key?.length ?? 0;
  if (bytes <= requestBytesMax) return;
  const bounds = `${bytes} bytes, etcd takes at most ${requestBytesMax}`;
  throw new RangeError(`too large a transaction: ${bounds}; write it in parts`);
}
