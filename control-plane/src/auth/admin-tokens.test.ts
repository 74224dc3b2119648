import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { systemClock } from "@headgate/core";
import { admin } from "@headgate/proto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createEmbeddedStore } from "../store/embedded-store.ts";
import type { Store } from "../store/store.ts";
import {
  adminToken as rootToken,
  type TestControlPlane,
  testControlPlane,
  testSealer,
} from "../testing/test-control-plane.ts";

const { ADMIN, EDITOR, VIEWER, TEAM } = admin.Role;
type AdminClient = Client<typeof admin.AdminService>;

const hourMs = 60 * 60_000;

describe("admin tokens", () => {
  /** What the wall clock is ahead of the real one. */
  let aheadMs: number;
  let store: BreakableStore;
  let here: TestControlPlane;
  let there: TestControlPlane;
  let root: AdminClient;

  beforeEach(async () => {
    aheadMs = 0;
    const clock = { ...systemClock, wallTimeMs: () => Date.now() + aheadMs };
    store = breakable(createEmbeddedStore({ path: ":memory:", clock: systemClock }));
    [here, there] = await Promise.all([
      testControlPlane({ store, clock }),
      testControlPlane({ store, clock }),
    ]);
    root = clientOf(here, rootToken);
    await root.createTeam({ team: { name: "research" } });
  });
  afterEach(async () => {
    store.down = false;
    await Promise.all([here[Symbol.asyncDispose](), there[Symbol.asyncDispose]()]);
    await store.close();
  });

  it("are shown once, stored as sealed hashes, and say whom they stand for", async () => {
    const expireTime = timestampFromMs(Date.now() + hourMs);
    const made = await root.createAdminToken({
      adminToken: { name: "ci", role: TEAM, team: "research", expireTime, createdBy: "me" },
    });
    expect(made.token).toMatch(/^hgt_[A-Za-z0-9_-]{43}$/);
    expect(made.adminToken).toMatchObject({ name: "ci", createdBy: "root", role: TEAM });
    expect(timestampMs(made.adminToken?.createTime ?? timestampFromMs(0))).toBeGreaterThan(0);

    const { adminTokens } = await root.listAdminTokens({});
    expect(adminTokens).toEqual([made.adminToken]);

    const me = await clientOf(here, made.token).whoAmI({});
    expect(me).toMatchObject({ actor: "token ci", role: TEAM, team: "research", expireTime });

    const { value: entries } = await store.list("/tokens/");
    expect(entries.map(({ key }) => key)).toEqual(["/tokens/ci"]);
    const everything = JSON.stringify([...here.logLines, ...there.logLines]);
    const stored = Buffer.concat((await store.list("/")).value.map(({ value }) => value));
    for (const where of [everything, stored.toString("latin1")]) {
      expect(where).not.toContain(made.token);
    }
    const opened = testSealer.open(entries[0]?.value ?? new Uint8Array(), "/tokens/ci");
    expect(Buffer.from(opened).toString("latin1")).not.toContain(made.token);
  });

  it.each([
    { role: ADMIN, may: "deleteTeam", mayNot: undefined },
    { role: EDITOR, may: "createTeam", mayNot: "listAdminTokens" },
    { role: VIEWER, may: "listTeams", mayNot: "createTeam" },
    { role: TEAM, may: "listKeys", mayNot: "listProviders" },
  ] as const)("give what their role gives: role $role", async ({ role, may, mayNot }) => {
    const client = await clientWith(role);
    const request = { name: "research", team: { name: "new" } };
    await client[may](request as never);
    if (mayNot) {
      await expect(client[mayNot](request as never)).rejects.toMatchObject({
        code: Code.PermissionDenied,
      });
    }
  });

  it("work at other replicas, and are refused there at once when deleted", async () => {
    const { token } = await root.createAdminToken({ adminToken: { name: "v", role: VIEWER } });
    const elsewhere = clientOf(there, token);
    await vi.waitFor(() => elsewhere.listTeams({}));

    await root.deleteAdminToken({ name: "v" });
    await expect(clientOf(here, token).listTeams({})).rejects.toThrow("unknown, or was deleted");
    await vi.waitFor(() => expect(elsewhere.listTeams({})).rejects.toThrow(/deleted/));
    await expect(root.deleteAdminToken({ name: "v" })).rejects.toThrow(
      "[not_found] admin token v does not exist",
    );
  });

  it("end the streams they opened when they are deleted, at every replica", async () => {
    const { token } = await root.createAdminToken({ adminToken: { name: "v", role: VIEWER } });
    await vi.waitFor(() => clientOf(there, token).listTeams({}));
    const watches = await Promise.all([here, there].map((plane) => openWatch(plane, token)));
    const others = await openWatch(here, rootToken);
    await root.deleteAdminToken({ name: "v" });
    for (const watch of watches) {
      await expect(watch.ended).rejects.toThrow("[unauthenticated] the token was deleted");
    }
    expect(others.isOver()).toBe(false);
    others.stop();
    await others.ended.catch(() => undefined);
  });

  it("are refused when they have expired", async () => {
    const expireTime = timestampFromMs(Date.now() + hourMs);
    const { token } = await root.createAdminToken({
      adminToken: { name: "v", role: VIEWER, expireTime },
    });
    const client = clientOf(here, token);
    await client.listTeams({});
    aheadMs = hourMs + 1;
    await expect(client.listTeams({})).rejects.toThrow(
      /^\[unauthenticated\] the admin token expired/,
    );
  });

  it("let their holders in while the store is away", async () => {
    const client = await clientWith(VIEWER);
    store.down = true;
    expect(await client.whoAmI({})).toMatchObject({ actor: "token v" });
    await expect(clientOf(here, "hgt_none").whoAmI({})).rejects.toMatchObject({
      code: Code.Unauthenticated,
    });
  });

  it("are made once, however many ask for the same name at once", async () => {
    const asking = Array.from({ length: 8 }, (_, index) => {
      const client = clientOf(index % 2 === 0 ? here : there, rootToken);
      return client.createAdminToken({ adminToken: { name: "one", role: VIEWER } });
    });
    const results = await Promise.allSettled(asking);
    const made = results.filter(({ status }) => status === "fulfilled");
    expect(made).toHaveLength(1);
    for (const result of results) {
      if (result.status === "rejected") {
        expect(result.reason).toMatchObject({ code: Code.AlreadyExists });
      }
    }
    const { entries } = await root.listAuditEntries({ filter: 'method = "CreateAdminToken"' });
    expect(entries).toHaveLength(1);
    expect(entries[0]?.changes).toMatchObject([{ kind: "admin_token", name: "one" }]);
  });

  it.each([
    {
      name: "the name",
      intervene: (other: AdminClient) =>
        other.createAdminToken({ adminToken: { name: "one", role: VIEWER } }),
      code: Code.AlreadyExists,
    },
    {
      name: "the team",
      intervene: (other: AdminClient) => other.deleteTeam({ name: "research" }),
      code: Code.NotFound,
    },
  ])("are not made when somebody takes $name in between", async ({ intervene, code }) => {
    store.beforeTransact = async () => {
      store.beforeTransact = undefined;
      await intervene(clientOf(there, rootToken));
    };
    const adminToken = { name: "one", role: TEAM, team: "research" };
    await expect(root.createAdminToken({ adminToken })).rejects.toMatchObject({ code });
    const { adminTokens } = await root.listAdminTokens({});
    expect(adminTokens.filter(({ role }) => role === TEAM)).toEqual([]);
  });

  it("have their making and deleting in the audit log, and nothing of validate_only", async () => {
    const adminToken = { name: "ci", role: EDITOR };
    const tried = await root.createAdminToken({ adminToken, validateOnly: true });
    expect(tried).toMatchObject({ adminToken, token: "" });
    expect((await root.listAdminTokens({})).adminTokens).toEqual([]);
    await root.createAdminToken({ adminToken });
    await root.deleteAdminToken({ name: "ci", validateOnly: true });
    expect((await root.listAdminTokens({})).adminTokens).toHaveLength(1);
    await root.deleteAdminToken({ name: "ci" });
    const { entries } = await root.listAuditEntries({ filter: 'kind = "admin_token"' });
    expect(entries.map(({ method, actor }) => `${actor} ${method}`)).toEqual([
      "root DeleteAdminToken",
      "root CreateAdminToken",
    ]);
  });

  type Wanted = Parameters<AdminClient["createAdminToken"]>[0]["adminToken"];
  const past = timestampFromMs(1_000);
  it.each<{ name: string; wanted: Wanted; code: Code; says: RegExp }>([
    {
      name: "nothing",
      wanted: undefined,
      code: Code.InvalidArgument,
      says: /admin_token: is missing/,
    },
    {
      name: "everything wrong at once",
      wanted: { name: "no spaces", role: 0, expireTime: past },
      code: Code.InvalidArgument,
      says: /admin_token\.name: use 1 to 63.*\n.*role: is missing: give one of.*\n.*expire_time: is in the past/,
    },
    {
      name: "a role that there is not",
      wanted: { name: "a", role: 9 as admin.Role },
      code: Code.InvalidArgument,
      says: /role: is missing/,
    },
    {
      name: "the role team without a team",
      wanted: { name: "a", role: TEAM },
      code: Code.InvalidArgument,
      says: /team: is missing/,
    },
    {
      name: "a team without the role",
      wanted: { name: "a", role: ADMIN, team: "research" },
      code: Code.InvalidArgument,
      says: /only the role team has one/,
    },
    {
      name: "a team that there is not",
      wanted: { name: "a", role: TEAM, team: "nobody" },
      code: Code.NotFound,
      says: /team nobody does not exist/,
    },
  ])("are refused for $name", async ({ wanted, code, says }) => {
    for (const validateOnly of [true, false]) {
      const asking = root.createAdminToken({ ...(wanted && { adminToken: wanted }), validateOnly });
      const error = await asking.catch(ConnectError.from);
      expect(error).toMatchObject({ code, rawMessage: expect.stringMatching(says) });
    }
  });

  async function clientWith(role: admin.Role): Promise<AdminClient> {
    const team = role === TEAM ? "research" : "";
    const { token } = await root.createAdminToken({ adminToken: { name: "v", role, team } });
    return clientOf(here, token);
  }

  /** A watch that has had its first answer. */
  async function openWatch(plane: TestControlPlane, token: string) {
    const stopper = new AbortController();
    const opened = Promise.withResolvers<void>();
    let over = false;
    const run = async () => {
      const { signal } = stopper;
      for await (const _ of clientOf(plane, token).watchResources({}, { signal })) opened.resolve();
    };
    const ended = run().finally(() => {
      over = true;
    });
    ended.catch(() => undefined);
    await Promise.race([opened.promise, ended]);
    return { ended, stop: () => stopper.abort(), isOver: () => over };
  }
});

function clientOf(plane: TestControlPlane, token: string): AdminClient {
  const transport = createConnectTransport({
    baseUrl: plane.adminAddress?.url ?? "",
    httpVersion: "1.1",
    interceptors: [
      (next) => (request) => {
        request.header.set("authorization", `Bearer ${token}`);
        return next(request);
      },
    ],
  });
  return createClient(admin.AdminService, transport);
}

interface BreakableStore extends Store {
  down: boolean;
  beforeTransact: (() => Promise<void>) | undefined;
}

/** A store that can be away, or be written by others in between. What it watches goes on. */
function breakable(store: Store): BreakableStore {
  const state: Pick<BreakableStore, "down" | "beforeTransact"> = {
    down: false,
    beforeTransact: undefined,
  };
  const guarded =
    <Args extends unknown[], T>(call: (...args: Args) => Promise<T>) =>
    (...args: Args) =>
      state.down ? Promise.reject(new Error("the store is away")) : call(...args);
  return {
    get down() {
      return state.down;
    },
    set down(down) {
      state.down = down;
    },
    get beforeTransact() {
      return state.beforeTransact;
    },
    set beforeTransact(task) {
      state.beforeTransact = task;
    },
    get: guarded((...args) => store.get(...args)),
    list: guarded((...args) => store.list(...args)),
    transact: guarded(async (...args) => {
      await state.beforeTransact?.();
      return await store.transact(...args);
    }),
    watch: (...args) => store.watch(...args),
    grantLease: guarded((...args) => store.grantLease(...args)),
    compact: guarded((...args) => store.compact(...args)),
    close: () => store.close(),
  };
}
