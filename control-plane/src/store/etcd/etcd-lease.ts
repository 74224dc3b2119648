import type { Etcd3, ILeaseKeepAliveResponse } from "etcd3";
import type { StoreLease } from "../store.ts";
import { integerFrom } from "./entry-from.ts";
import type { EtcdCluster } from "./etcd-cluster.ts";
import { EtcdFailure } from "./etcd-failure.ts";
import type { CallOptions } from "./member.ts";

/** etcd's own bound, in seconds: 285 years. */
const ttlMaxSeconds = 9_000_000_000;

/**
 * A lease of at least `ttlMs`: etcd counts in whole seconds, and has a least term of one and a half
 * election timeouts. The term in force is in the lease.
 *
 * Kept alive one question at a time, each with its own deadline: etcd3's own leases report a loss
 * only when twice the term has passed by the wall clock.
 */
export async function grantEtcdLease(cluster: EtcdCluster, ttlMs: number): Promise<StoreLease> {
  const seconds = Math.ceil(ttlMs / 1000);
  if (!(ttlMs > 0 && seconds <= ttlMaxSeconds)) {
    throw new RangeError(`ttlMs must be above 0 and at most ${ttlMaxSeconds * 1000}, got ${ttlMs}`);
  }
  // Granted twice, the lease we never heard of just expires.
  const granted = await cluster.run({
    repeatable: true,
    send: (client, options) => client.leaseClient.leaseGrant({ TTL: seconds }, options),
  });
  const id = granted.ID;
  return {
    id,
    ttlMs: integerFrom(granted.TTL) * 1000,
    keepAlive: () =>
      cluster.run({
        repeatable: true,
        send: (client, options) => keepAlive(cluster, client, { id, options }),
      }),
    revoke: () =>
      cluster.run({ repeatable: true, send: (client, options) => revoke(client, id, options) }),
  };
}

/**
 * False when etcd says that the lease is gone.
 *
 * A leader that was cut off goes on renewing leases for an election timeout, when its successor may
 * already count them down; newer versions confirm a renewal, not all that we work with
 * (https://github.com/etcd-io/etcd/pull/16822). So it counts only when a quorum says afterwards that
 * the term was still the same.
 */
async function keepAlive(
  cluster: EtcdCluster,
  client: Etcd3,
  { id, options }: { readonly id: string; readonly options: CallOptions },
): Promise<boolean> {
  for (;;) {
    const { TTL, header } = await renew(client, id, options);
    if (integerFrom(TTL) <= 0) return false;
    const { term } = await cluster.readPresent(client, options);
    if (term === header.raft_term) return true;
  }
}

/** One question on a stream of its own. */
async function renew(
  client: Etcd3,
  id: string,
  options: CallOptions,
): Promise<ILeaseKeepAliveResponse> {
  const stream = await client.leaseClient.leaseKeepAlive(options);
  try {
    return await new Promise((resolve, reject) => {
      stream.on("data", resolve);
      stream.on("error", reject);
      stream.on("end", () => reject(new Error("the stream ended without an answer")));
      stream.write({ ID: id });
    });
  } finally {
    stream.end();
  }
}

async function revoke(client: Etcd3, id: string, options: CallOptions): Promise<void> {
  try {
    await client.leaseClient.leaseRevoke({ ID: id }, options);
  } catch (error) {
    if (EtcdFailure.from(error, "").kind !== "lease_gone") throw error;
  }
}
