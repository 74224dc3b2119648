import { Code, ConnectError, createContextValues, type HandlerContext } from "@connectrpc/connect";
import { admin, discovery } from "@headgate/proto";
import { describe, expect, it } from "vitest";
import type { AuditSource } from "../audit/auditor.ts";
import { createStaticNodeAuthenticator } from "../auth/node-authenticator.ts";
import { nodePrincipalKey, principalKey } from "../auth/principal.ts";
import { Refusal } from "../auth/refusal.ts";
import { createBearerCheck } from "./bearer-token.ts";
import { adminGate, anyRoleGate, isLoopback, nodeGate } from "./gates.ts";
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

  const good = { authorized: true, subject: "CN=n", uris: [], fingerprint: "A", validToMs: 2_000 };
  it.each([
    { name: "this machine, no token configured", address: "127.0.0.1", lets: true },
    { name: "another machine, no token configured", address: "10.0.0.1", lets: false },
    { name: "this machine without the token", address: "127.0.0.1", token: "t", lets: false },
    {
      name: "another machine with the token",
      address: "10.0.0.1",
      token: "t",
      header: "Bearer t",
      lets: true,
    },
    { name: "a good certificate", address: "127.0.0.1", certificate: good, lets: true },
    {
      name: "a bad certificate",
      address: "127.0.0.1",
      certificate: { ...good, authorized: false, error: "CERT_HAS_EXPIRED" },
      lets: false,
      says: "the client certificate of CN=n is refused: it has expired",
    },
    {
      name: "a certificate that ended while the connection stood",
      address: "127.0.0.1",
      certificate: { ...good, validToMs: 1_000 },
      lets: false,
      says: "the client certificate of CN=n is refused: it has expired",
    },
  ])("let in a node of $name: $lets", async (row) => {
    const { address, token, header, lets, certificate, says = /join token/ } = row;
    const peer = { address, ...(certificate && { certificate }), ...noPeer };
    const { auditor, denials } = auditorOf();
    const authenticateNode = createStaticNodeAuthenticator({
      joinToken: token,
      wallTimeMs: () => 1_000,
    });
    const method = discovery.DiscoveryService.method.streamSnapshots;
    const context = contextOf({ method, peer, ...(header && { authorization: header }) });
    const knocking = nodeGate({ authenticateNode, auditor })(context);
    if (lets) {
      await knocking;
      expect(context.values.get(nodePrincipalKey)).toMatchObject({ node: undefined });
    } else {
      await expect(knocking).rejects.toThrow(says);
      expect(denials).toHaveLength(1);
    }
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
