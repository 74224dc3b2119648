import { systemClock } from "@headgate/core";
import { createAuthority } from "@headgate/testing";
import { enableRootAuth, startEtcd, startEtcdCluster } from "@headgate/testing/servers";
import { describe, expect, it } from "vitest";
import { createEtcdStore } from "./etcd-store.ts";
import type { EtcdStoreOptions } from "./etcd-store-options.ts";
import { Follower, open as openStore, outcomeOf, put, textAt } from "./faults.fixture.ts";

const rootPassword = "hunter2-of-etcd";
const credentials = { username: "root", password: rootPassword };

/** Passwords and handshakes take their time on a busy machine. */
const open = (hosts: readonly string[], options: Partial<EtcdStoreOptions>) =>
  openStore(hosts, { requestTimeoutMs: 10_000, watchCheckMs: 5000, ...options });
/** For those who are to fail. */
const requestTimeoutMs = 3000;

describe("an etcd store with a password", () => {
  it("works where one is asked for, also for watches and leases", async () => {
    await using etcd = await startEtcd({ rootPassword });
    await using opened = open([etcd.clientUrl], { credentials });
    const { store } = opened;
    const from = await put(store, "/a", 0);
    const follower = new Follower(store, "/", from);
    await follower.reaches(from);
    await follower.stop();
    const lease = await store.grantLease(5000);
    expect(await lease.keepAlive()).toBe(true);
    await lease.revoke();
    await store.compact(from);
  });

  const wrong: {
    name: string;
    given: Partial<EtcdStoreOptions>;
    says: RegExp;
  }[] = [
    {
      name: "a wrong password",
      given: { credentials: { username: "root", password: "wrong-secret" } },
      says: /refuses us; check user name, password, and role \(etcdserver: authentication failed/,
    },
    {
      name: "an unknown user",
      given: { credentials: { username: "nobody", password: "wrong-secret" } },
      says: /refuses us; check user name, password, and role/,
    },
    {
      name: "no password",
      given: {},
      says: /asks for a user name and password: give it both/,
    },
  ];
  it.each(wrong)(
    "says what is wrong with $name, at once and without it",
    async ({ given, says }) => {
      await using etcd = await startEtcd({ rootPassword });
      await using opened = open([etcd.clientUrl], given);
      const follower = new Follower(opened.store, "/", 1);
      const calls = [put(opened.store, "/a", 1), opened.store.get("/a"), follower.done];
      for (const { error, tookMs } of await Promise.all(calls.map(outcomeOf))) {
        expect(error).toMatchObject({ name: "StoreError", code: "cannot_open" });
        expect(String(error)).toMatch(says);
        expect(JSON.stringify(error) + String(error)).not.toContain("wrong-secret");
        expect(tookMs).toBeLessThan(9000);
      }
    },
  );

  it("is not needed where none is asked for, and taken once one is", async () => {
    await using etcd = await startEtcd();
    await using opened = open([etcd.clientUrl], { credentials });
    await put(opened.store, "/a", 1);
    await enableRootAuth(etcd, rootPassword);
    await put(opened.store, "/a", 2);
    expect(await textAt(opened.store, "/a")).toBe("2");
  });

  it("is given anew when etcd forgot the token: for its age, for a restart", async () => {
    await using etcd = await startEtcd({ rootPassword, flags: ["--auth-token-ttl=1"] });
    await using opened = open([etcd.clientUrl], { credentials });
    const { store, errors } = opened;
    let last = await put(store, "/a", 0);
    const follower = new Follower(store, "/", last);
    await follower.reaches(last);
    await systemClock.sleep(3000);
    const writes = Array.from({ length: 20 }, (_, count) => put(store, `/${count}`, count));
    last = Math.max(...(await Promise.all(writes)));
    expect(errors).toEqual([]);
    await etcd.restart();
    last = await put(store, "/a", 1);
    await follower.reaches(last);
    await follower.stop();
    expect(follower.batches).toHaveLength(22);
  });

  it("is good at every member", async () => {
    await using cluster = await startEtcdCluster({ each: { rootPassword } });
    await using opened = open(cluster.clientUrls, { credentials });
    await put(opened.store, "/a", 1);
    await cluster.member(0).kill();
    await put(opened.store, "/a", 2);
    expect(await textAt(opened.store, "/a")).toBe("2");
  });
});

describe("an etcd store over TLS", () => {
  const authority = createAuthority();
  const { cert, key, ca } = authority.issue({ commonName: "etcd" });
  const client = authority.issue({ commonName: "headgate", use: "client" });
  const stranger = createAuthority();
  const strange = stranger.issue({ commonName: "headgate", use: "client" });
  const elsewhere = authority.issue({ commonName: "etcd", hosts: ["elsewhere.test"] });

  it("works with the right authority, and a password", async () => {
    await using etcd = await startEtcd({ tls: { cert, key }, rootPassword });
    await using opened = open([etcd.clientUrl], { tls: { ca }, credentials });
    const from = await put(opened.store, "/a", 1);
    const follower = new Follower(opened.store, "/", from);
    await follower.reaches(from);
    await follower.stop();
  });

  it("shows its own certificate where one is asked for", async () => {
    await using etcd = await startEtcd({ tls: { cert, key, clientCa: ca } });
    const tls = { ca, cert: client.cert, key: client.key };
    await using opened = open([etcd.clientUrl], { tls });
    await put(opened.store, "/a", 1);
    for (const wrong of [{ ca }, { ca, cert: strange.cert, key: strange.key }]) {
      await using refused = open([etcd.clientUrl], { tls: wrong, requestTimeoutMs });
      const { error } = await outcomeOf(put(refused.store, "/a", 2));
      expect(error).toMatchObject({ code: "unavailable" });
    }
    expect(await textAt(opened.store, "/a")).toBe("1");
  });

  it.each([
    {
      name: "is of a stranger",
      served: { cert, key },
      trusted: stranger.ca,
      says: /verify|signed|issuer/i,
    },
    {
      name: "is for another host",
      served: elsewhere,
      trusted: ca,
      says: /altname|elsewhere\.test/i,
    },
  ])("trusts no member whose certificate $name", async ({ served, trusted, says }) => {
    await using etcd = await startEtcd({ tls: { cert: served.cert, key: served.key } });
    await using opened = open([etcd.clientUrl], { tls: { ca: trusted }, requestTimeoutMs });
    const { error } = await outcomeOf(put(opened.store, "/a", 1));
    expect(error).toMatchObject({ code: "unavailable" });
    expect(String(error)).toMatch(says);
  });
});

describe("createEtcdStore()", () => {
  const hosts = ["http://127.0.0.1:2379"];
  const secure = ["https://127.0.0.1:2379"];
  it.each([
    { name: "no hosts", options: { hosts: [] }, says: /at least one member/ },
    { name: "a host without a scheme", options: { hosts: ["127.0.0.1:2379"] }, says: /use http:/ },
    {
      name: "a host with a path",
      options: { hosts: ["http://a/b"] },
      says: /"http:\/\/a\/b" is not/,
    },
    {
      name: "a mix of schemes",
      options: { hosts: [...hosts, ...secure] },
      says: /all http or all/,
    },
    { name: "TLS without https", options: { hosts, tls: { ca: "" } }, says: /must be https/ },
    {
      name: "a key alone",
      options: { hosts: secure, tls: { ca: "", key: "" } },
      says: /go together/,
    },
    { name: "no prefix", options: { hosts, prefix: "/" }, says: /prefix must be a path/ },
    { name: "no time", options: { hosts, requestTimeoutMs: 0 }, says: /requestTimeoutMs must be/ },
  ])("refuses $name", ({ options, says }) => {
    expect(() => createEtcdStore({ clock: systemClock, ...options })).toThrow(says);
  });
});
