import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type FakeProvider,
  type RunningControlPlane,
  type RunningDataPlane,
  runHeadgate,
  startControlPlane,
  startDataPlane,
  startFakeProvider,
  temporaryFolder,
} from "@headgate/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const key = "sk-hg-e2e-separate-planes";

describe("the planes as separate processes", () => {
  let resources: AsyncDisposableStack;
  let provider: FakeProvider;
  let controlPlane: RunningControlPlane;
  let dataPlane: RunningDataPlane;
  let stateFolder: string;

  beforeEach(async () => {
    resources = new AsyncDisposableStack();
    stateFolder = resources.use(temporaryFolder()).path;
    provider = resources.use(await startFakeProvider());
    controlPlane = resources.use(await startControlPlane({ config: controlPlaneConfig }));
    await apply(stateFolder, controlPlane, resourcesYaml(provider));
    dataPlane = resources.use(await startOn(stateFolder, controlPlane));
  });
  afterEach(async () => {
    await resources.disposeAsync();
  });

  it("serve, go on without the control plane, and start from disk while it is away", async () => {
    expect(await chatStatus(dataPlane)).toBe(200);
    await controlPlane.process.kill();
    expect(await chatStatus(dataPlane)).toBe(200);
    expect(await dataPlane.process.stop()).toEqual({ code: 0, signal: null });
    const restarted = resources.use(await startOn(stateFolder, controlPlane));
    expect(await chatStatus(restarted)).toBe(200);
    expect(provider.requests).toHaveLength(3);
  });
});

const controlPlaneConfig = `
region: test
listen: {admin: "127.0.0.1:0", grpc: "127.0.0.1:0"}
store: {embedded: {path: ./control-plane.db}}
`;

async function startOn(
  folder: string,
  { grpcUrl }: RunningControlPlane,
): Promise<RunningDataPlane> {
  const config = `
region: test
node: test-1
listen: {proxy: "127.0.0.1:0", telemetry: "127.0.0.1:0"}
control_plane: {endpoints: ["${grpcUrl}"]}
state_dir: ./state
workers: 1
`;
  return await startDataPlane({ config, folder });
}

function resourcesYaml(provider: FakeProvider): string {
  return `
providers:
  - name: fake
    type: openai-compatible
    base_url: ${provider.baseUrl}
    credentials: [{name: fake-a, api_key: sk-upstream}]
models: [{name: chat, deployments: [{provider: fake, model: upstream-chat}]}]
teams: [{name: e2e}]
keys: [{name: e2e, team: e2e, secret: ${key}}]
`;
}

async function apply(
  folder: string,
  { adminUrl, adminToken }: RunningControlPlane,
  yaml: string,
): Promise<void> {
  const file = join(folder, "resources.yaml");
  writeFileSync(file, yaml);
  const access = ["--server", adminUrl, "--token", adminToken];
  const { code, output } = await runHeadgate(["apply", "-f", file, ...access], { folder });
  expect(code, output).toBe(0);
}

async function chatStatus({ proxyUrl }: RunningDataPlane): Promise<number> {
  const response = await fetch(`${proxyUrl}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "chat", messages: [{ role: "user", content: "Hi" }] }),
  });
  await response.arrayBuffer();
  return response.status;
}
