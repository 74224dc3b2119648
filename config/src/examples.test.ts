import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { formatProblem } from "./problem.ts";
import { loadControlPlaneConfig } from "./process/control-plane-config.ts";
import { loadDataPlaneConfig } from "./process/data-plane-config.ts";
import { formatListenAddress } from "./process/listen-address.ts";
import { loadResourceSet } from "./resources/load-resource-set.ts";

/** Every variable that an example needs. */
const env = Object.fromEntries(
  "OPENAI_API_KEY OPENAI_EU_KEY OPENAI_SPARE_KEY VLLM_EU_KEY VLLM_US_KEY VLLM_KEY APP_KEY ALICE_KEY SUPPORT_BOT_KEY INTRANET_KEY ANTHROPIC_API_KEY GEMINI_API_KEY GROQ_API_KEY AZURE_OPENAI_API_KEY AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY GOOGLE_APPLICATION_CREDENTIALS GOOGLE_CLOUD_PROJECT"
    .split(" ")
    .map((name) => [name, `sk-example-${name}`]),
);
env["AWS_ACCESS_KEY_ID"] = "AKIAEXAMPLE";

/** What GOOGLE_APPLICATION_CREDENTIALS names. */
const serviceAccount = '{"client_email": "a@example.com", "private_key": "-----BEGIN"}';

describe("config/examples", () => {
  const sets = readdirSync(exampleUrl("")).filter(
    (file) => file.endsWith(".yaml") && !/^(control|data)-plane\.yaml$/.test(file),
  );

  it.each(sets)("%s loads as it is", (file) => {
    const result = load(file, env);
    expect(result.ok ? [] : result.problems.map(formatProblem)).toEqual([]);
    expect(result.ok && result.resources.models.length).toBeGreaterThan(0);
    expect(result.ok && result.resources.keys.length).toBeGreaterThan(0);
  });

  it("regions/ configures replicas and nodes of many regions", () => {
    const text = (file: string) => readFileSync(exampleUrl(`regions/${file}`), "utf8");
    const controlPlane = loadControlPlaneConfig({
      text: text("control-plane.yaml"),
      env: { ETCD_PASSWORD: "p" },
    });
    expect(controlPlane).toMatchObject({
      config: { store: { kind: "etcd" }, bus: { kind: "nats" }, oidc: { audience: "headgate" } },
    });
    const dataPlane = loadDataPlaneConfig({ text: text("data-plane.yaml"), env: {} });
    expect(dataPlane).toMatchObject({ ok: true, config: { controlPlane: { tls: {} } } });
  });

  it("quickstart.yaml needs nothing from the environment, and takes what is there", () => {
    const bare = load("quickstart.yaml", {});
    expect(bare.ok && bare.resources.models.map(({ name }) => name)).toEqual([
      "demo",
      "text-embedding-demo",
    ]);
    expect(bare.ok && bare.resources.keys[0]?.secret).toBe("sk-hg-quickstart");
    expect(bare.ok && bare.resources.providers[0]?.baseUrl).toBe("http://127.0.0.1:9100/v1");
    const rich = load("quickstart.yaml", {
      OPENAI_API_KEY: "sk-1",
      ANTHROPIC_API_KEY: "sk-ant-1",
      GEMINI_API_KEY: "AIza-1",
      GROQ_API_KEY: "gsk-1",
      HEADGATE_DEMO_URL: "http://127.0.0.1:1234/v1",
    });
    expect(rich.ok && rich.notices).toEqual([]);
    expect(rich.ok && rich.resources.models).toHaveLength(6);
    expect(rich.ok && rich.resources.providers[0]?.baseUrl).toBe("http://127.0.0.1:1234/v1");
  });

  it("vendors.yaml takes all vendors, or whichever there are", () => {
    const all = load("vendors.yaml", env);
    expect(all.ok && all.notices).toEqual([]);
    expect(all.ok && all.resources.models.map(({ deployments }) => deployments.length)).toEqual([
      3, 2, 1, 1,
    ]);
    const vertex = all.ok && all.resources.providers.find(({ name }) => name === "vertex");
    expect(vertex).toMatchObject({ credentials: [{ name: "vertex", apiKey: serviceAccount }] });
    const one = load("vendors.yaml", { APP_KEY: "sk-example-1234567", ANTHROPIC_API_KEY: "k" });
    expect(one.ok && one.resources.providers.map(({ name }) => name)).toEqual(["anthropic"]);
    expect(one.ok && one.resources.models.map(({ name }) => name)).toEqual(["claude-haiku-4-5"]);
  });

  it("minimal.yaml says where a variable is missing", () => {
    const result = load("minimal.yaml", { APP_KEY: "0123456789abcdef" });
    expect(result.ok ? [] : result.problems.map(formatProblem)).toEqual([
      `minimal.yaml:11:18 providers[0].credentials[0].api_key: environment variable OPENAI_API_KEY is not set: set it, or give a default with \${OPENAI_API_KEY:-default}`,
    ]);
  });

  it("control-plane.yaml and data-plane.yaml fit together", () => {
    const controlPlane = loadControlPlaneConfig({ text: read("control-plane.yaml"), env: {} });
    const dataPlane = loadDataPlaneConfig({ text: read("data-plane.yaml"), env: {} });
    if (!controlPlane.ok || !dataPlane.ok) throw new Error("an example does not load");
    expect(dataPlane.config.controlPlane.endpoints).toEqual([
      `http://${formatListenAddress(controlPlane.config.listen.grpc)}`,
    ]);
    expect(dataPlane.config.region).toBe(controlPlane.config.region);
    expect(dataPlane.config.controlPlane.joinToken).toBe(controlPlane.config.joinToken);
  });
});

function load(file: string, variables: Record<string, string>) {
  return loadResourceSet({
    text: read(file),
    file,
    env: variables,
    readFile: () => serviceAccount,
  });
}

function read(file: string): string {
  return readFileSync(exampleUrl(file), "utf8");
}

function exampleUrl(file: string): URL {
  return new URL(`../examples/${file}`, import.meta.url);
}
