import { Code, ConnectError, createContextValues, type HandlerContext } from "@connectrpc/connect";
import { admin, discovery } from "@headgate/proto";
import { describe, expect, it } from "vitest";
import type { AuditSource } from "../audit/auditor.ts";
import { nodePrincipalKey, principalKey } from "../auth/principal.ts";
import { Refusal } from "../auth/refusal.ts";
import { createBearerCheck } from "./bearer-token.ts";
import { adminGate, anyRoleGate, nodeGate } from "./gates.ts";
import { isLoopback } from "./loopback.ts";
import { type Peer, peerKey } from "./peer.ts";

describe("isLoopback()", () => {
  it.each([
    ["127.0.0.1", true],
    ["127.8.9.1", true],
    ["::1", true],
    ["::ffff:127.0.0.1", true],
    ["10.0.0.1", false],
    ["::ffff:10.0.0.1", false],
    ["127.evil.example", false],
    ["unknown", false],
    ["", false],
  ])("says of %j: %s", (address, expected) => {
    expect(isLoopback(address)).toBe(expected);
  });
});

describe("createBearerCheck()", () => {
  const check = createBearerCheck("secret-token");
  it.each([
    ["Bearer secret-token", true],
    ["bearer  secret-token ", true],
    ["Bearer secret-toke", false],
    ["Bearer secret-token2", false],
    ["Basic secret-token", false],
    ["secret-token", false],
    ["Bearer", false],
    ["", false],
    [null, false],
    [`Bearer ${" ".repeat(8_192)}secret-token`, false],
  ])("says of %j: %s", (header, expected) => {
    expect(check(header)).toBe(expected);
  });
});

describe("the gates", () => {
  const viewer = { actor: "token v", role: admin.Role.VIEWER };
  const getTeam = admin.AdminService.method.getTeam;
  const createTeam = admin.AdminService.method.createTeam;

  it("let a call through whose role may, and say whose it is", async () => {
    const { auditor, denials } = auditorOf();
    const context = contextOf({ method: getTeam });
    await adminGate({ authenticate: async () => viewer, auditor })(context);
    expect(context.values.get(principalKey)).toBe(viewer);
    expect(denials).toEqual([]);
  });

  it("refuse a role that may not, by name, and have it audited", async () => {
    const { auditor, denials } = auditorOf();
    const gate = adminGate({ authenticate: async () => viewer, auditor });
    const message = "the role viewer may not call CreateTeam: that takes the role admin or editor";
    await expect(gate(contextOf({ method: createTeam }))).rejects.toThrow(
      new ConnectError(message, Code.PermissionDenied),
    );
    expect(denials).toEqual([{ actor: "token v", method: "CreateTeam", message }]);
  });

  it("refuse callers that are not known, and have it audited as far as they are", async () => {
    const { auditor, denials } = auditorOf();
    for (const reason of [
      new Refusal("it is needed"),
      new Refusal("it expired", { actor: "token old" }),
      new ConnectError("by its code", Code.Unauthenticated),
    ]) {
      const gate = anyRoleGate({ authenticate: () => Promise.reject(reason), auditor });
      const knocking = gate(contextOf({ method: getTeam }));
      await expect(knocking).rejects.toMatchObject({ code: Code.Unauthenticated });
    }
    expect(denials.map(({ actor, message }) => `${actor}: ${message}`)).toEqual([
      "anonymous: it is needed",
      "token old: it expired",
      "anonymous: by its code",
    ]);
  });

  it("do not take what goes wrong for a refusal", async () => {
    const { auditor, denials } = auditorOf();
    for (const reason of [new ConnectError("later", Code.Unavailable), new TypeError("a defect")]) {
      const gate = adminGate({ authenticate: () => Promise.reject(reason), auditor });
      await expect(gate(contextOf({ method: getTeam }))).rejects.toBe(reason);
    }
    expect(denials).toEqual([]);
  });

  it("ask of nodes who they are by what they show, and by how they are connected", async () => {
    const { auditor, denials } = auditorOf();
    const method = discovery.DiscoveryService.method.streamSnapshots;
    const node = { node: "a", region: "eu", by: "certificate" };
    const gate = nodeGate({
      auditor,
      authenticateNode: async (headers, { address }) => {
        if (headers.get("authorization") === "Bearer t" && address === "10.0.0.9") return node;
        throw new Refusal("node a was deleted", { actor: "node a" });
      },
    });
    const context = contextOf({ method, authorization: "Bearer t" });
    await gate(context);
    expect(context.values.get(nodePrincipalKey)).toBe(node);
    await expect(gate(contextOf({ method }))).rejects.toThrow("node a was deleted");
    expect(denials).toEqual([
      { actor: "node a", method: "StreamSnapshots", message: "node a was deleted" },
    ]);
  });
});

const noPeer = { cut: () => undefined, close: () => undefined };

function contextOf({
  method,
  peer = { address: "10.0.0.9", ...noPeer },
  authorization,
}: {
  readonly method: HandlerContext["method"];
  readonly peer?: Peer;
  readonly authorization?: string;
}): HandlerContext {
  const values = createContextValues().set(peerKey, peer);
  const requestHeader = new Headers(authorization === undefined ? {} : { authorization });
  return { method, values, requestHeader } as unknown as HandlerContext; // What gates look at.
}

function auditorOf() {
  const denials: { actor: string; method: string; message: string }[] = [];
  return {
    denials,
    auditor: {
      sourceOf: ({ values, method }: HandlerContext): AuditSource => {
        const { actor = "anonymous", role = 0 } = values.get(principalKey) ?? {};
        return { actor, role, method: method.name, address: "", userAgent: "" };
      },
      denied: ({ actor, method }: AuditSource, message: string) => {
        denials.push({ actor, method, message });
      },
    },
  };
}
