import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { admin } from "@headgate/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  adminToken,
  type TestControlPlane,
  testControlPlane,
} from "../testing/test-control-plane.ts";

let plane: TestControlPlane;
beforeEach(async () => {
  plane = await testControlPlane();
});
afterEach(() => plane[Symbol.asyncDispose]());

const interceptors = [
  (next) => (request) => {
    request.header.set("authorization", `Bearer ${adminToken}`);
    return next(request);
  },
] satisfies Parameters<typeof createGrpcTransport>[0]["interceptors"];

const transports: { name: string; connect: () => Transport }[] = [
  {
    name: "gRPC",
    connect: () => createGrpcTransport({ baseUrl: plane.grpcAddress?.url ?? "", interceptors }),
  },
  {
    name: "Connect over HTTP/1.1",
    connect: () =>
      createConnectTransport({
        baseUrl: plane.adminAddress?.url ?? "",
        httpVersion: "1.1",
        interceptors,
      }),
  },
];

describe.each(transports)("a watch by $name", ({ connect }) => {
  it("follows changes until its client leaves, and tells when the replica stops", async () => {
    const api = createClient(admin.AdminService, connect());
    const abort = new AbortController();
    const left = api.watchResources({}, { signal: abort.signal })[Symbol.asyncIterator]();
    const stays = api.watchResources({})[Symbol.asyncIterator]();
    for (const one of [left, stays])
      expect((await one.next()).value).toMatchObject({ synced: true });
    await api.createTeam({ team: { name: "t" } });
    for (const one of [left, stays]) {
      expect((await one.next()).value?.events).toMatchObject([{ kind: "team", name: "t" }]);
    }
    abort.abort();
    await expect(left.next()).rejects.toMatchObject({ code: Code.Canceled });
    await api.createTeam({ team: { name: "u" } });
    expect((await stays.next()).value?.events).toMatchObject([{ name: "u" }]);
    const end = stays.next().then(() => undefined, ConnectError.from);
    await plane.stop();
    expect((await end)?.code).toBe(Code.Unavailable);
  });

  it("records from which address, by which program, and whose token", async () => {
    const api = createClient(admin.AdminService, connect());
    await api.createTeam({ team: { name: "t" } });
    const { entries } = await api.listAuditEntries({});
    expect(entries).toMatchObject([{ actor: "root", address: "127.0.0.1", method: "CreateTeam" }]);
    expect(entries[0]?.userAgent).toMatch(/connect-es/);
  });
});
