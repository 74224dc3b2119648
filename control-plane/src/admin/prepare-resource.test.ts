import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { resources } from "@headgate/proto";
import { describe, expect, it } from "vitest";
import { prepareResource } from "./prepare-resource.ts";
import { withoutSecrets } from "./without-secrets.ts";

type CredentialInit = MessageInitShape<typeof resources.CredentialSchema>;

const accessKey = { accessKeyId: "AKIA1", secretAccessKey: "secret-1", sessionToken: "session-1" };

describe("prepareResource() of a provider", () => {
  it.each<{ name: string; stored: CredentialInit; sent: CredentialInit; kept: CredentialInit }>([
    {
      name: "keeps an api_key that is not sent",
      stored: { apiKey: "key-1" },
      sent: {},
      kept: { apiKey: "key-1" },
    },
    {
      name: "takes a new api_key",
      stored: { apiKey: "key-1" },
      sent: { apiKey: "key-2" },
      kept: { apiKey: "key-2" },
    },
    {
      name: "keeps an access key as it was read",
      stored: accessKey,
      sent: { accessKeyId: "AKIA1" },
      kept: accessKey,
    },
    {
      name: "takes a new session token of the same access key",
      stored: accessKey,
      sent: { accessKeyId: "AKIA1", sessionToken: "session-2" },
      kept: { ...accessKey, sessionToken: "session-2" },
    },
    {
      name: "keeps no session token with another secret",
      stored: accessKey,
      sent: { accessKeyId: "AKIA1", secretAccessKey: "secret-2" },
      kept: { accessKeyId: "AKIA1", secretAccessKey: "secret-2", sessionToken: "" },
    },
    {
      name: "goes from an access key to an api_key",
      stored: accessKey,
      sent: { apiKey: "key-1" },
      kept: { apiKey: "key-1", secretAccessKey: "", sessionToken: "" },
    },
    {
      name: "goes from an api_key to an access key",
      stored: { apiKey: "key-1" },
      sent: { accessKeyId: "AKIA1", secretAccessKey: "secret-1" },
      kept: { apiKey: "", accessKeyId: "AKIA1", secretAccessKey: "secret-1" },
    },
  ])("$name", ({ stored, sent, kept }) => {
    expect(prepared(sent, stored)).toMatchObject({
      ok: true,
      resource: { credentials: [kept] },
    });
  });

  it("keeps nothing of another credential", () => {
    expect(prepared({}, { name: "other", apiKey: "key-1" })).toMatchObject({
      ok: false,
      problems: [{ path: "credentials[0].api_key", message: expect.stringMatching(/is missing/) }],
    });
  });

  it("does not give the secret of one access key to another", () => {
    expect(prepared({ accessKeyId: "AKIA2" }, accessKey)).toEqual({
      ok: false,
      problems: [
        {
          path: "credentials[0].secret_access_key",
          message: "is missing: an access key has access_key_id and secret_access_key",
        },
      ],
    });
  });
});

describe("withoutSecrets()", () => {
  it("shows which access key it is, and nothing more", () => {
    const shown = withoutSecrets("provider", bedrock({ ...accessKey, apiKey: "key-1" }));
    expect(shown.credentials[0]).toMatchObject({
      apiKey: "",
      accessKeyId: "AKIA1",
      secretAccessKey: "",
      sessionToken: "",
    });
  });
});

function prepared(sent: CredentialInit, stored: CredentialInit) {
  return prepareResource("provider", bedrock(sent), {
    before: {
      kind: "provider",
      name: "p",
      resource: bedrock(stored),
      revision: 1,
      createRevision: 1,
    },
    hmacKey: new Uint8Array(32),
    nowMs: 0,
    managedBy: "",
  });
}

function bedrock(credential: CredentialInit): resources.Provider {
  return create(resources.ProviderSchema, {
    name: "p",
    type: resources.ProviderType.BEDROCK,
    awsRegion: "eu-west-1",
    credentials: [{ name: "c", ...credential }],
  });
}
