import { createClient } from "@connectrpc/connect";
import { ManualClock } from "@headgate/core";
import { admin } from "@headgate/proto";
import { describe, expect, it } from "vitest";
import { createEmbeddedStore } from "../store/embedded-store.ts";
import { CompactedError, type Store } from "../store/store.ts";
import { testControlPlane } from "../testing/test-control-plane.ts";
import { TestNode } from "../testing/test-node.ts";

// The store is the real one; what is broken is the way to it.
describe("SnapshotFeed", () => {
  it.each([
    { name: "an error", breakWith: () => new Error("connection lost") },
    { name: "a compaction", breakWith: () => new CompactedError(3) },
  ])("follows the store again after $name, and misses nothing", async ({ breakWith }) => {
    const clock = new ManualClock();
    const store = createEmbeddedStore({ path: ":memory:", clock });
    const link = breakable(store);
    await using plane = await testControlPlane({ store: link.store, clock, listen: {} });
    const client = createClient(admin.AdminService, plane.transport);
    const node = new TestNode(plane.transport);
    await client.createTeam({ team: { name: "kept" } });
    await client.createTeam({ team: { name: "gone" } });
    while (!node.names.includes("team/gone")) {
      await clock.advance(100);
      await node.next();
    }

    link.cut(breakWith());
    await client.deleteTeam({ name: "gone" });
    await client.createTeam({ team: { name: "new" } });
    await clock.advance(500);
    link.restore();
    await clock.advance(20_000);
    let last = await node.next();
    while (!node.names.includes("team/new")) last = await node.next();
    expect(last.fromVersion).not.toBe(0n);
    expect(node.names).toEqual(["settings/default", "team/kept", "team/new"]);
    expect(await plane.metricsText()).toMatch(
      /headgate_store_watch_restarts_total\{reason="\w+"\} [1-9]/,
    );
    node.stop();
    await store.close();
  });

  it("keeps the last good value of what can't be read, and says so", async () => {
    const clock = new ManualClock();
    await using plane = await testControlPlane({ clock, listen: {} });
    const client = createClient(admin.AdminService, plane.transport);
    await client.createTeam({ team: { name: "a" } });
    await plane.store.transact({
      writes: [{ type: "put", key: "/resources/team/a", value: Buffer.from("garbage") }],
    });
    await client.createTeam({ team: { name: "b" } });
    await clock.advance(100);
    const node = new TestNode(plane.transport);
    await node.next();
    expect(node.names).toEqual(["settings/default", "team/a", "team/b"]);
    expect(await plane.metricsText()).toContain("headgate_store_unreadable_values_total 1");
    node.stop();
  });
});

/** The same store, with the feed's watch and listing made to fail. */
function breakable(store: Store) {
  let failure: Error | undefined;
  let cut = new AbortController();
  const link: Store = {
    get: (...args) => store.get(...args),
    transact: (...args) => store.transact(...args),
    grantLease: (...args) => store.grantLease(...args),
    compact: (...args) => store.compact(...args),
    close: () => store.close(),
    list: (prefix, options) =>
      failure && prefix === "/resources/" ? Promise.reject(failure) : store.list(prefix, options),
    watch: async function* (prefix, { from, signal }) {
      if (failure) throw failure;
      yield* store.watch(prefix, { from, signal: AbortSignal.any([signal, cut.signal]) });
      if (failure) throw failure;
    },
  };
  return {
    store: link,
    cut: (reason: Error) => {
      failure = reason;
      cut.abort();
    },
    restore: () => {
      failure = undefined;
      cut = new AbortController();
    },
  };
}
