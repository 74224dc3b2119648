import { BedrockRuntimeClient, ConverseCommand } from "@aws-sdk/client-bedrock-runtime";
import { isRecord, ManualClock } from "@headgate/core";
import { describe, expect, it } from "vitest";
import { modelPath } from "./request.ts";
import { sigV4Authorize } from "./sign.ts";

const keys = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCY" };

describe("sigV4Authorize()", () => {
  it.each([
    {
      name: "an id with a colon",
      model: "anthropic.claude-3-sonnet-20240229-v1:0",
      sessionToken: "",
    },
    {
      name: "an ARN with slashes, temporary credentials",
      model: "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.amazon.nova-lite-v1:0",
      sessionToken: "session==",
    },
    { name: "characters to be escaped", model: "odd model(1)!'*~+ü", sessionToken: "" },
  ])("signs as the official client does: $name", async ({ model, sessionToken }) => {
    const sent = await sentByClient(model, sessionToken);
    const clock = new ManualClock(dateOf(sent.headers["x-amz-date"]));
    const authorize = sigV4Authorize({ region: "eu-west-1", ...keys, sessionToken, clock });
    const path = modelPath({ ...target, model }, "converse");
    expect(path).toBe(sent.path);
    const proof = await authorize({
      method: "POST",
      origin: "http://127.0.0.1:8443",
      path,
      headers: ["content-type", "application/json", "user-agent", "headgate", "accept", "*/*"],
      body: sent.body,
    });
    const names = proof.filter((_, at) => at % 2 === 0);
    const token = sessionToken ? ["x-amz-security-token"] : [];
    expect([...names].sort()).toEqual(
      ["authorization", "x-amz-content-sha256", "x-amz-date", ...token].sort(),
    );
    for (const [at, name] of names.entries()) {
      expect([name, proof[at * 2 + 1]]).toEqual([name, sent.headers[name]]);
    }
  });

  it("changes with the body, the path, the secret and the time", async () => {
    const base = {
      path: "/model/m/converse",
      body: "{}",
      secret: "s",
      wallTimeMs: 1_000_000_000_000,
    };
    const signatures = await Promise.all(
      [
        base,
        { ...base, body: "{ }" },
        { ...base, path: "/model/n/converse" },
        { ...base, secret: "t" },
        { ...base, wallTimeMs: 1_000_000_001_000 },
      ].map(async ({ path, body, secret, wallTimeMs }) => {
        const authorize = sigV4Authorize({
          region: "us-east-1",
          accessKeyId: "a",
          secretAccessKey: secret,
          sessionToken: "",
          clock: new ManualClock(wallTimeMs),
        });
        const headers = ["content-type", "application/json"];
        const request = { method: "POST", origin: "https://x", path, headers } as const;
        const proof = await authorize({ ...request, body: Buffer.from(body) });
        return proof[proof.indexOf("authorization") + 1];
      }),
    );
    expect(new Set(signatures).size).toBe(5);
  });
});

const target = { basePath: "", apiVersion: "", keepAlive: "", project: "", location: "" };

interface Sent {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** What the client would send; its headers about itself are taken out before it signs. */
async function sentByClient(modelId: string, sessionToken: string): Promise<Sent> {
  let sent: Sent | undefined;
  const client = new BedrockRuntimeClient({
    endpoint: "http://127.0.0.1:8443",
    region: "eu-west-1",
    credentials: { ...keys, ...(sessionToken && { sessionToken }) },
    maxAttempts: 1,
    requestHandler: {
      handle: async (request: Sent) => {
        sent = request;
        throw new Error("not sent");
      },
    },
  });
  client.middlewareStack.addRelativeTo(plainHeaders, {
    relation: "before",
    toMiddleware: "httpSigningMiddleware",
    name: "plainHeaders",
  });
  const messages = [{ role: "user" as const, content: [{ text: "né" }] }];
  await client.send(new ConverseCommand({ modelId, messages })).catch(() => {});
  client.destroy();
  if (!sent) throw new Error("the client sent nothing");
  return sent;
}

/** A step of the client that leaves only the headers that we sign, too. */
function plainHeaders<T extends { readonly request?: unknown }, R>(next: (args: T) => R) {
  return (args: T): R => {
    const headers = isRecord(args.request) ? args.request["headers"] : undefined;
    for (const name of Object.keys(isRecord(headers) ? headers : {})) {
      if (name !== "host" && name !== "content-type") Reflect.deleteProperty(Object(headers), name);
    }
    return next(args);
  };
}

/** `20261124T130000Z` */
function dateOf(text: string | undefined): number {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text ?? "")?.slice(1) ?? [];
  const [year, month, day, ...time] = parts;
  return Date.parse(`${year}-${month}-${day}T${time.join(":")}Z`);
}
