import { describe, expect, it } from "vitest";
import { EtcdFailure, type EtcdFailureKind, storeErrorFrom } from "./etcd-failure.ts";

// What gRPC and etcd 3.4.23 said when it was tried.
const rows: readonly (readonly [text: string, kind: EtcdFailureKind, code?: string])[] = [
  ["14 UNAVAILABLE: No connection established. Last error: connect ECONNREFUSED", "unsent"],
  ["14 UNAVAILABLE: Name resolution failed for target dns:nowhere.test:2379", "unsent"],
  ["14 UNAVAILABLE: Channel closed before call started", "unsent"],
  ["14 UNAVAILABLE: Stream refused by server", "unsent"],
  ["4 DEADLINE_EXCEEDED: Deadline exceeded after 1.7s,Waiting for LB pick", "unsent"],
  ["4 DEADLINE_EXCEEDED: Deadline exceeded after 1.7s,remote_addr=127.0.0.1:2379", "unknown"],
  ["14 UNAVAILABLE: Connection dropped", "unknown"],
  ["14 UNAVAILABLE: read ECONNRESET", "unknown"],
  ["14 UNAVAILABLE: etcdserver: request timed out", "unknown"],
  ["14 UNAVAILABLE: etcdserver: leader changed", "unknown"],
  ["13 INTERNAL: Received RST_STREAM with code 2", "unknown"],
  ["the stream ended without an answer", "unknown"],
  ["8 RESOURCE_EXHAUSTED: etcdserver: too many requests", "busy"],
  ["16 UNAUTHENTICATED: etcdserver: invalid auth token", "token", "cannot_open"],
  ["3 INVALID_ARGUMENT: etcdserver: revision of auth store is old", "token", "cannot_open"],
  ["3 INVALID_ARGUMENT: etcdserver: user name is empty", "token", "cannot_open"],
  ["7 PERMISSION_DENIED: etcdserver: permission denied", "refused", "cannot_open"],
  ["9 FAILED_PRECONDITION: etcdserver: authentication is not enabled", "no_auth"],
  ["11 OUT_OF_RANGE: etcdserver: mvcc: required revision has been compacted", "compacted"],
  ["11 OUT_OF_RANGE: etcdserver: mvcc: required revision is a future revision", "future"],
  ["5 NOT_FOUND: etcdserver: requested lease not found", "lease_gone", "lease_gone"],
  ["8 RESOURCE_EXHAUSTED: etcdserver: mvcc: database space exceeded", "full", "full"],
  ["8 RESOURCE_EXHAUSTED: Received message larger than max (2 vs 1)", "page_too_large"],
  ["3 INVALID_ARGUMENT: etcdserver: request is too large", "too_large"],
  ["3 INVALID_ARGUMENT: etcdserver: too many operations in txn request", "too_large"],
  ["15 DATA_LOSS: etcdserver: corrupt cluster", "corrupt", "corrupt"],
  ["3 INVALID_ARGUMENT: etcdserver: key is not provided", "other"],
];

describe("EtcdFailure", () => {
  it.each(rows)("%s: %s", (text, kind, code) => {
    const failure = EtcdFailure.from(new Error(text), "http://a:2379");
    expect(failure.kind).toBe(kind);
    expect(failure.message).toMatch(/^etcd at http:\/\/a:2379: \D/);
    if (code) expect(storeErrorFrom(failure)).toMatchObject({ name: "StoreError", code });
  });

  it("of a question before a write means that the write was not sent", () => {
    const asked = EtcdFailure.from(
      new Error("14 UNAVAILABLE: Connection dropped"),
      "http://a:2379",
    );
    expect(asked.asUnsent()).toMatchObject({ kind: "unsent", message: asked.message });
    const refused = EtcdFailure.from(new Error("7 X: etcdserver: permission denied"), "http://a");
    expect(refused.asUnsent().kind).toBe("refused");
  });
});
