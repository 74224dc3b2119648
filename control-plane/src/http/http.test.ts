import { once } from "node:events";
import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
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

const service = "/headgate.admin.v1.AdminService";

describe("plain HTTP on the admin port", () => {
  type Row = {
    name: string;
    path: string;
    init?: RequestInit;
    status: number;
    says: RegExp;
  };
  const rows: Row[] = [
    { name: "metrics", path: "/metrics", status: 200, says: /^# HELP headgate_/ },
    { name: "liveness", path: "/health/live", status: 200, says: /"ok"/ },
    { name: "readiness", path: "/health/ready?x=1", status: 200, says: /"ok"/ },
    {
      name: "a POST of metrics",
      path: "/metrics",
      init: { method: "POST" },
      status: 405,
      says: /GET, not POST/,
    },
    { name: "the root", path: "/", status: 404, says: /"not_found".*nothing at \// },
    {
      name: "an unknown method",
      path: `${service}/Explode`,
      init: post("{}"),
      status: 404,
      says: /nothing at/,
    },
    { name: "a GET of an RPC", path: `${service}/ListKeys`, status: 405, says: /^/ },
    {
      name: "a call",
      path: `${service}/CreateTeam`,
      init: post('{"team":{"name":"research"}}'),
      status: 200,
      says: /"name":"research"/,
    },
    {
      name: "proto's own field names",
      path: `${service}/ListTeams`,
      init: post('{"page_size":5}'),
      status: 200,
      says: /^{"revision":"\d+"}$/,
    },
    {
      name: "broken JSON",
      path: `${service}/CreateTeam`,
      init: post("{"),
      status: 400,
      says: /invalid_argument/,
    },
    {
      name: "an unknown field",
      path: `${service}/CreateTeam`,
      init: post('{"team":{"name":"t","colour":1}}'),
      status: 400,
      says: /colour/,
    },
    {
      name: "a wrong type",
      path: `${service}/CreateTeam`,
      init: post('{"team":{"name":1}}'),
      status: 400,
      says: /name/,
    },
    {
      name: "another content type",
      path: `${service}/ListTeams`,
      init: post("x", "text/plain"),
      status: 415,
      says: /^/,
    },
    {
      name: "a missing resource",
      path: `${service}/GetTeam`,
      init: post('{"name":"nobody"}'),
      status: 404,
      says: /team nobody does not exist/,
    },
    {
      name: "a body that is too large",
      path: `${service}/CreateTeam`,
      init: post(`{"team":{"name":"${"x".repeat(17 * 1024 * 1024)}"}}`),
      status: 429,
      says: /resource_exhausted/,
    },
  ];
  it.each(rows)("answers $name", async ({ path, init, status, says }) => {
    const response = await fetch(`${plane.adminAddress?.url}${path}`, init);
    expect(await response.text()).toMatch(says);
    expect(response.status).toBe(status);
  });

  it("refuses a call without the token before reading its body", async () => {
    const response = await fetch(`${plane.adminAddress?.url}${service}/CreateTeam`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{",
    });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ code: "unauthenticated" });
  });

  it("answers the next call on a connection at once, whatever was refused before", async () => {
    const { port } = plane.adminAddress ?? {};
    using agent = ownAgent();
    const call = async (name: string, authorization: string) => {
      const headers = { authorization, "content-type": "application/json" };
      const path = `${service}/CreateTeam`;
      const request = httpRequest({ agent, port, path, method: "POST", headers });
      request.end(JSON.stringify({ team: { name } }));
      const [response]: IncomingMessage[] = await once(request, "response");
      response?.resume();
      await once(request, "close");
      return { status: response?.statusCode, sameConnection: request.reusedSocket };
    };
    const good = `Bearer ${adminToken}`;
    const startMs = performance.now();
    expect(await call("x".repeat(17 * 1024 * 1024), good)).toMatchObject({ status: 429 });
    expect(await call("one", good)).toEqual({ status: 200, sameConnection: true });
    expect(await call("x".repeat(17 * 1024 * 1024), "Bearer wrong")).toMatchObject({ status: 401 });
    expect(await call("two", good)).toEqual({ status: 200, sameConnection: true });
    // An idle connection is cut after 5 seconds.
    expect(performance.now() - startMs).toBeLessThan(4_500);
  });

  it("stops within its bound although a connection stays open, and twice", async () => {
    const held = fetch(`${plane.adminAddress?.url}/health/live`);
    await held;
    await Promise.all([plane.stop(), plane.stop()]);
    await expect(fetch(`${plane.adminAddress?.url}/health/live`)).rejects.toThrow();
  });
});

function ownAgent(): Agent & Disposable {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return Object.assign(agent, { [Symbol.dispose]: () => agent.destroy() });
}

function post(body: string, type = "application/json"): RequestInit {
  const headers = { authorization: `Bearer ${adminToken}`, "content-type": type };
  return { method: "POST", headers, body };
}
