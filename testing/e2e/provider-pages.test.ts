import { generateKeyPairSync } from "node:crypto";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { loadResourceSet, providerDefaults } from "@headgate/config";
import {
  type FakeProvider,
  jsonAnswer,
  type ProviderRequest,
  startFakeProvider,
  startUp,
  temporaryFolder,
} from "@headgate/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ProviderPage, readProviderPage } from "./provider-page.ts";

const folder = resolve(import.meta.dirname, "..", "..", "docs", "providers");
/** Those that are about no provider type. */
const others = ["README.md", "errors.md", "features.md"];
const pages = globSync("*.md", { cwd: folder })
  .filter((file) => !others.includes(file))
  .sort()
  .map((file) => ({ type: basename(file, ".md"), page: readProviderPage(join(folder, file)) }));

describe("the pages of providers", { timeout: 60_000 }, () => {
  let provider: FakeProvider;
  let secrets: ReturnType<typeof temporaryFolder>;

  beforeAll(async () => {
    provider = await startFakeProvider();
    secrets = temporaryFolder();
    writeFileSync(join(secrets.path, "account.json"), serviceAccount(provider.origin));
  });
  afterAll(async () => {
    await provider?.stop();
    secrets?.[Symbol.dispose]();
  });

  it("are one for each type", () => {
    expect(pages).toHaveLength(providerDefaults.size);
  });

  it.each(pages)("$type: its YAML is of this type, and loads as it is", ({ type, page }) => {
    const env = environment(page);
    const readFile = (path: string): string => readFileSync(path, "utf8");
    const loaded = loadResourceSet({ text: page.yaml, env, readFile });
    expect(loaded).toMatchObject({ ok: true, notices: [] });
    expect(page.yaml).toContain(`type: ${type}\n`);
  });

  it.each(pages)("$type: its calls go out and come back as it shows", async ({ page }) => {
    expect(page.calls.length).toBeGreaterThan(0);
    await using up = await startUp({ config: page.yaml, env: environment(page) });
    for (const { client, provider: asked, providerAnswers, clientGets, dropped } of page.calls) {
      const requests: ProviderRequest[] = [];
      provider.setBehaviour((request) => {
        if (request.path === tokenPath) return jsonAnswer({ access_token: "t", expires_in: 3600 });
        requests.push(request);
        return jsonAnswer(providerAnswers);
      });
      const answer = await fetch(up.proxyUrl + client.path, {
        method: "POST",
        headers: {
          authorization: `Bearer ${secretOf("APP_KEY")}`,
          "content-type": "application/json",
        },
        body: JSON.stringify(client.body),
      });
      const got: unknown = await answer.json();
      expect(requests.map((request) => [request.path, request.json()])).toEqual([
        [asked.path, asked.body],
      ]);
      expect(answer.headers.get("x-headgate-dropped-parameters")).toBe(dropped);
      expect(got).toMatchObject(clientGets);
    }
  });

  /** Dummies for the variables of a page; those of URLs are the fake provider's, with their path. */
  function environment({ yaml }: ProviderPage): Record<string, string> {
    const variables = yaml.matchAll(/\$\{([A-Z_]+)(?::-([^}]*))?\}/g);
    const values = [...variables].map(([, name = "", preset]) => [name, variable(name, preset)]);
    return Object.fromEntries(values);
  }

  function variable(name: string, preset: string | undefined): string {
    if (name.endsWith("_URL") && preset) {
      return provider.origin + new URL(preset).pathname.replace(/\/$/, "");
    }
    if (name === "GOOGLE_APPLICATION_CREDENTIALS") return join(secrets.path, "account.json");
    return preset ?? secretOf(name);
  }
});

function secretOf(name: string): string {
  return name === "AWS_ACCESS_KEY_ID" ? "AKIAEXAMPLE" : `sk-example-${name}`;
}

const tokenPath = "/google/token";

function serviceAccount(origin: string): string {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return JSON.stringify({
    type: "service_account",
    client_email: "e2e@example.iam.gserviceaccount.com",
    private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
    token_uri: `${origin}${tokenPath}`,
  });
}
