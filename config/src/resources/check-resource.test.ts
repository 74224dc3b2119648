import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { resources } from "@headgate/proto";
import { describe, expect, it } from "vitest";
import { checkReferences } from "./check-references.ts";
import { checkResource } from "./check-resource.ts";

const { ProviderType } = resources;

describe("checkResource()", () => {
  it("has nothing to say of a good provider, model, team, key and policy", () => {
    const provider = create(resources.ProviderSchema, {
      name: "p",
      type: ProviderType.OPENAI,
      credentials: [{ name: "c", apiKey: "k" }],
    });
    const model = create(resources.ModelSchema, {
      name: "a/b:c",
      deployments: [{ provider: "p" }],
    });
    const key = create(resources.KeySchema, {
      name: "k",
      secretHash: `hmac-sha256:${"0".repeat(64)}`,
    });
    expect(checkResource("provider", provider)).toEqual([]);
    expect(checkResource("model", model)).toEqual([]);
    expect(checkResource("team", create(resources.TeamSchema, { name: "t" }))).toEqual([]);
    expect(checkResource("key", key)).toEqual([]);
    const policy = create(resources.PolicySchema, {
      name: "default",
      queue: { maxWait: {} },
      unsupportedParameters: resources.UnsupportedParameters.STRICT,
      fetch: { allowHosts: ["10.0.0.1", "[::1]", "Files.example.com"], maxBytes: 1 },
    });
    expect(checkResource("policy", policy)).toEqual([]);
  });

  it("has nothing to say of good providers of every type, prices and flags", () => {
    const credentials = [{ name: "c", apiKey: "k" }];
    const accessKey = { accessKeyId: "AKIA1", secretAccessKey: "s/+=", sessionToken: "t" };
    const json = JSON.stringify({ client_email: "a@b", private_key: "x\ny" }, null, 2);
    const azure = { type: ProviderType.AZURE, baseUrl: "https://n.openai.azure.com" };
    const vertex = { type: ProviderType.VERTEX, credentials: [{ name: "c", apiKey: json }] };
    const bedrock = { type: ProviderType.BEDROCK, credentials };
    const providers: MessageInitShape<typeof resources.ProviderSchema>[] = [
      { ...azure, credentials, apiVersion: "v1", responses: false },
      { type: ProviderType.ANTHROPIC, credentials, anthropicVersion: "2023-06-01" },
      { type: ProviderType.GEMINI, credentials },
      { ...vertex, project: "p-1", location: "europe-west1" },
      { ...vertex, baseUrl: "https://h/v1/projects/p/locations/l" },
      { ...vertex, project: "p", baseUrl: "https://us-east5-aiplatform.googleapis.com/v1" },
      { ...bedrock, awsRegion: "us-gov-west-1" },
      { ...bedrock, awsRegion: "eu-west-1", credentials: [{ name: "c", ...accessKey }] },
      { ...bedrock, baseUrl: "http://127.0.0.1:9", credentials: [] },
      { ...bedrock, baseUrl: "https://bedrock-runtime.eu-west-1.amazonaws.com" },
      { type: ProviderType.OLLAMA, keepAlive: "-1" },
      { type: ProviderType.OLLAMA, keepAlive: "1h30m" },
      { type: ProviderType.VLLM, baseUrl: "http://h/v1", responses: true },
    ];
    for (const provider of providers) {
      const message = create(resources.ProviderSchema, { name: "p", ...provider });
      expect(checkResource("provider", message)).toEqual([]);
    }
    const price = { inputPerMtok: 2.5, outputPerMtok: 0, cachedInputPerMtok: 0.25 };
    const model = { name: "m", exactTokens: true, deployments: [{ provider: "p", price }] };
    expect(checkResource("model", create(resources.ModelSchema, model))).toEqual([]);
  });

  it("refuses a service account's file, and a word of the future", () => {
    const provider = create(resources.ProviderSchema, {
      name: "p",
      type: ProviderType.VERTEX,
      project: "p",
      location: "eu",
      serviceAccountFile: "/etc/passwd",
      credentials: [{ name: "c" }],
    });
    expect(checkResource("provider", provider)).toEqual([
      {
        path: "service_account_file",
        message:
          "a file is read by whoever loads the YAML: send its content as the api_key of a credential",
      },
    ]);
    const policy = create(resources.PolicySchema, { name: "default" });
    policy.unsupportedParameters = 9 as resources.UnsupportedParameters;
    expect(checkResource("policy", policy)).toEqual([
      { path: "unsupported_parameters", message: "use one of drop, strict" },
    ]);
  });

  it("gives paths from the resource on, in the names of the proto file", () => {
    const provider = create(resources.ProviderSchema, {
      name: "p",
      type: ProviderType.VLLM,
      credentials: [{ name: "c", apiKeyFile: "f" }],
    });
    expect(checkResource("provider", provider)).toEqual([
      {
        path: "credentials[0].api_key_file",
        message: "a file is read by whoever loads the YAML: send its content as api_key",
      },
    ]);
  });

  it("refuses a type and a strategy of the future", () => {
    const provider = create(resources.ProviderSchema, { name: "p", credentials: [{ name: "c" }] });
    // An open enum: a newer control plane may send numbers that are unknown here.
    provider.type = 99 as resources.ProviderType;
    expect(checkResource("provider", provider).map(({ path }) => path)).toEqual(["type"]);
    const model = create(resources.ModelSchema, { name: "m", deployments: [{ provider: "p" }] });
    model.strategy = 99 as resources.Strategy;
    expect(checkResource("model", model)).toEqual([
      {
        path: "strategy",
        message: "not honoured yet: strategy 99, use one of round_robin, weighted, shuffle",
      },
    ]);
  });
});

describe("checkReferences()", () => {
  it("names the resource, the place in it, and what is not there", () => {
    const model = create(resources.ModelSchema, {
      name: "m",
      deployments: [{ provider: "opnai" }],
    });
    const key = create(resources.KeySchema, { name: "k", team: "red" });
    const openai = create(resources.ProviderSchema, {
      name: "openai",
      credentials: [{ name: "c" }],
    });
    const other = create(resources.ProviderSchema, { name: "other", credentials: [{ name: "c" }] });
    const problems = checkReferences({
      providers: new Map([openai, other].map((provider) => [provider.name, provider])),
      models: new Map([["m", model]]),
      teams: new Set<string>(),
      keys: new Map([["k", key]]),
    });
    expect(problems).toEqual([
      {
        kind: "provider",
        name: "other",
        path: "credentials[0].name",
        message:
          'provider "openai" has a credential "c" already: ' +
          "names are unique across providers, since limits are kept by them",
      },
      {
        kind: "model",
        name: "m",
        path: "deployments[0].provider",
        message: 'there is no provider "opnai" (did you mean "openai"?): there is openai, other',
      },
      { kind: "key", name: "k", path: "team", message: 'there is no team "red": there is none' },
    ]);
  });
});
