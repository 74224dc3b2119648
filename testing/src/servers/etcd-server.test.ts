import { describe, expect, it } from "vitest";
import { createAuthority } from "../certificates.ts";
import { startEtcdCluster } from "./etcd-cluster.ts";
import { startEtcd } from "./etcd-server.ts";
import { startPartitionableEtcd } from "./partitionable-etcd.ts";

describe("startEtcd()", () => {
  it("serves, and keeps its data over kill and restart", async () => {
    await using etcd = await startEtcd();
    await put(etcd.clientUrl, "a", "1");
    const { pid } = etcd;
    await etcd.kill();
    expect(etcd.running).toBe(false);
    await etcd.restart();
    expect(etcd.pid).not.toBe(pid);
    expect(await get(etcd.clientUrl, "a")).toBe("1");
  });

  it("answers nothing while paused", async () => {
    await using etcd = await startEtcd();
    await etcd.pause();
    expect(await etcd.isHealthy()).toBe(false);
    etcd.resume();
    await etcd.waitUntilHealthy();
  });

  it("says what etcd said when it does not start", async () => {
    const start = startEtcd({ electionMs: 1 });
    await expect(start).rejects.toThrow(/etcd m0 ended:.*election-timeout/s);
  });

  it.each([
    { name: "TLS", mutual: false },
    { name: "TLS with client certificates", mutual: true },
  ])("serves $name with a password", async ({ mutual }) => {
    const { cert, key, ca } = createAuthority().issue({ commonName: "etcd" });
    const tls = { cert, key, ...(mutual && { clientCa: ca }) };
    await using etcd = await startEtcd({ tls, rootPassword: "secret" });
    expect(etcd.clientUrl).toMatch(/^https:/);
    await etcd.restart();
  });

  it("asks for a password when told to", async () => {
    await using etcd = await startEtcd({ rootPassword: "secret" });
    await expect(put(etcd.clientUrl, "a", "1")).rejects.toThrow(/user name is empty/);
  });
});

describe("startEtcdCluster()", () => {
  it("elects a leader, and another when that one is killed", async () => {
    const peerTls = createAuthority().issue({ commonName: "peer" });
    await using cluster = await startEtcdCluster({ each: { peerTls } });
    const leader = await cluster.leader();
    expect(await cluster.followers()).toHaveLength(2);
    await put(leader.clientUrl, "a", "1");
    await leader.kill();
    const next = await cluster.leader();
    expect(next).not.toBe(leader);
    expect(await get(next.clientUrl, "a")).toBe("1");
    await leader.restart();
    expect(await get(leader.clientUrl, "a")).toBe("1");
  });
});

describe("startPartitionableEtcd()", () => {
  it("cuts the leader off, and brings it back", async () => {
    await using etcd = await startPartitionableEtcd();
    const leader = await etcd.cluster.leader();
    etcd.isolate(etcd.cluster.members.indexOf(leader));
    await expect.poll(() => etcd.cluster.leader(), { timeout: 15_000 }).not.toBe(leader);
    const next = await etcd.cluster.leader();
    expect(await leader.isHealthy()).toBe(false);
    await put(next.clientUrl, "a", "1");
    etcd.heal();
    await leader.waitUntilHealthy();
    expect(await get(leader.clientUrl, "a")).toBe("1");
  });
});

async function put(url: string, key: string, value: string): Promise<void> {
  await call(`${url}/v3/kv/put`, { key: btoa(key), value: btoa(value) });
}

async function get(url: string, key: string): Promise<string | undefined> {
  const { kvs } = await call(`${url}/v3/kv/range`, { key: btoa(key) });
  return kvs?.[0] && atob(kvs[0].value);
}

async function call(url: string, body: object): Promise<{ kvs?: { value: string }[] }> {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  if (!response.ok) throw new Error(await response.text());
  // What etcd answers to put and range.
  return (await response.json()) as { kvs?: { value: string }[] };
}
