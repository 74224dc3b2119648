import { create } from "@bufbuild/protobuf";
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
    const policy = create(resources.PolicySchema, { name: "default", queue: { maxWait: {} } });
    expect(checkResource("policy", policy)).toEqual([]);
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
