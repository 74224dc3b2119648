import { generateKeyPairSync } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createRouterTransport, type ServiceImpl } from "@connectrpc/connect";
import { ManualClock } from "@headgate/core";
import { discovery } from "@headgate/proto";
import { pino } from "pino";
import { beforeEach, describe, expect, it } from "vitest";
import { NodeCredentials } from "./node-credentials.ts";

type Service = ServiceImpl<typeof discovery.NodeIdentityService>;

const clock = new ManualClock();
const ttlMs = 15 * 60_000;

let calls: string[];
beforeEach(() => {
  calls = [];
});

describe("NodeCredentials", () => {
  it.each<{ name: string; given: Given; service: Partial<Service>; made: string[] }>([
    { name: "joins when its key is new", given: { isNew: true }, service: {}, made: ["join"] },
    { name: "asks by its key", given: {}, service: {}, made: ["issue"] },
    {
      name: "joins when its key is not known",
      given: {},
      service: { issueNodeToken: refusing(Code.Unauthenticated) },
      made: ["issue", "join"],
    },
    {
      name: "asks by a new key without a join token",
      given: { isNew: true, joinToken: undefined },
      service: {},
      made: ["issue"],
    },
  ])("$name", async ({ given, service, made }) => {
    expect(await credentials(given).bearer(transport(service))).toMatch(/^token-/);
    expect(calls).toEqual(made);
  });

  it("asks by its key when the answer to its join was lost: the join token is used then", async () => {
    const node = credentials({ isNew: true });
    const lost = transport({ join: refusing(Code.Unavailable) });
    await expect(node.bearer(lost)).rejects.toThrow(/refused/);
    expect(await node.bearer(transport({}))).toBe("token-2");
    expect(calls).toEqual(["join", "issue"]);
  });

  it("does not spend its join token when the control plane is away", async () => {
    const away = transport({ issueNodeToken: refusing(Code.Unavailable) });
    await expect(credentials({}).bearer(away)).rejects.toThrow(/refused/);
    expect(calls).toEqual(["issue"]);
  });

  it("keeps a token until a minute before its end, or until it was refused", async () => {
    const node = credentials({});
    const to = transport({});
    const [one, same] = await Promise.all([node.bearer(to), node.bearer(to)]);
    expect([one, same]).toEqual(["token-1", "token-1"]);
    await clock.advance(ttlMs - 61_000);
    expect(await node.bearer(to)).toBe("token-1");
    await clock.advance(1_000);
    expect(await node.bearer(to)).toBe("token-2");
    node.forget();
    expect(await node.bearer(to)).toBe("token-3");
  });
});

interface Given {
  readonly isNew?: boolean;
  readonly joinToken?: string | undefined;
}

function credentials(given: Given): NodeCredentials {
  const { privateKey } = generateKeyPairSync("ed25519");
  return new NodeCredentials({
    node: "eu-1",
    region: "eu",
    key: { privateKey, publicKey: new Uint8Array(32) },
    joinToken: "a join token",
    clock,
    logger: pino({ level: "silent" }),
    ...given,
  });
}

/** Gives tokens, but where `changed` does otherwise. */
function transport(changed: Partial<Service>) {
  const answer = () => ({
    token: {
      token: `token-${calls.length}`,
      expireTime: timestampFromMs(clock.wallTimeMs() + ttlMs),
    },
  });
  const service: Service = { join: answer, issueNodeToken: answer, ...changed };
  return createRouterTransport(({ service: route }) => {
    route(discovery.NodeIdentityService, {
      join: async (request, context) => {
        calls.push("join");
        return service.join(request, context);
      },
      issueNodeToken: async (request, context) => {
        calls.push("issue");
        return service.issueNodeToken(request, context);
      },
    });
  });
}

function refusing(code: Code): () => never {
  return () => {
    throw new ConnectError("refused", code);
  };
}
