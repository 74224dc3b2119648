import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  HeadgateProcess,
  type RunningControlPlane,
  runHeadgate,
  startControlPlane,
  startDataPlane,
  startFakeProvider,
  temporaryFolder,
} from "@headgate/testing";
import { describe, expect, it, vi } from "vitest";
import { memoryIo } from "../memory-io.ts";
import { runCli } from "../run-cli.ts";

const secret = "sk-test-0123456789abcdef";
const joinToken = "join-token-0123456789abcdef";

function controlPlaneConfig(more = ""): string {
  return `region: eu\nlisten: {admin: 127.0.0.1:0, grpc: 127.0.0.1:0}\n${more}`;
}

function dataPlaneConfig(endpoint: string, more = ""): string {
  return [
    "region: eu",
    "node: eu-1",
    "listen: {proxy: 127.0.0.1:0, telemetry: 127.0.0.1:0}",
    `control_plane: {endpoints: ["${endpoint}"]${more}}`,
    "workers: 1",
    "",
  ].join("\n");
}

function resources(baseUrl: string): string {
  return [
    `providers: [{name: fake, type: openai-compatible, base_url: "${baseUrl}", credentials: [{name: a}]}]`,
    "models: [{name: demo, deployments: [{provider: fake}]}]",
    `keys: [{name: test, secret: ${secret}}]`,
    "",
  ].join("\n");
}

describe("headgate control-plane and data-plane", () => {
  it("serve together, and calls go on when the control plane is gone", async () => {
    await using provider = await startFakeProvider();
    await using control = await startControlPlane({ config: controlPlaneConfig() });
    await using data = await startDataPlane({ config: dataPlaneConfig(control.grpcUrl) });
    expect((await fetch(`${data.proxyUrl}/health/ready`)).status).toBe(200);
    expect(await admin(control, ["apply", "-f", "-"], resources(provider.baseUrl))).toContain(
      "model/demo created",
    );
    await untilServed(data.proxyUrl);
    expect(await admin(control, ["nodes"])).toMatch(/^eu-1 +eu +connected +(\d+) +\1 /m);

    expect(await control.process.stop()).toEqual({ code: 0, signal: null });
    expect((await chat(data.proxyUrl)).status).toBe(200);
    expect(await data.process.stop()).toEqual({ code: 0, signal: null });
  });

  it("start in any order, also from disk with no control plane", async () => {
    using folder = temporaryFolder();
    await using provider = await startFakeProvider();
    await using control = await startControlPlane({ config: controlPlaneConfig() });
    const config = dataPlaneConfig(control.grpcUrl);
    const first = await startDataPlane({ config, folder: folder.path });
    await admin(control, ["apply", "-f", "-"], resources(provider.baseUrl));
    await untilServed(first.proxyUrl);
    await first.process.stop();
    await control.process.stop();

    await using second = await startDataPlane({ config, folder: folder.path });
    expect((await chat(second.proxyUrl)).status).toBe(200);
  });

  it("listen before there is a snapshot, and say that they are not ready", async () => {
    await using data = await startUnready(dataPlaneConfig("http://127.0.0.1:1"));
    expect((await fetch(`${data.proxyUrl}/health/live`)).status).toBe(200);
    expect((await fetch(`${data.proxyUrl}/health/ready`)).status).toBe(503);
    expect((await chat(data.proxyUrl)).status).toBe(503);
    expect(await data.process.stop()).toEqual({ code: 0, signal: null });
  });

  it("let in only nodes with the join token, when there is one", async () => {
    const nodeAuth = `node_auth: {join_token: ${joinToken}}\n`;
    await using control = await startControlPlane({ config: controlPlaneConfig(nodeAuth) });
    await using stranger = await startUnready(dataPlaneConfig(control.grpcUrl));
    await stranger.process.logs.waitFor(
      (line) => String(line["reason"]).includes("join token"),
      "the node to be turned away",
    );
    const config = dataPlaneConfig(control.grpcUrl, `, join_token: ${joinToken}`);
    await using member = await startDataPlane({ config });
    expect((await fetch(`${member.proxyUrl}/health/ready`)).status).toBe(200);
    expect((await fetch(`${stranger.proxyUrl}/health/ready`)).status).toBe(503);
  });

  it.each([
    { command: "control-plane", text: "region: eu\nlisten: {admin: nowhere}\nstor: {}\n" },
    { command: "data-plane", text: "region: eu\nlisten: {proxy: nowhere}\nstor: {}\n" },
  ])("$command prints all problems of its settings and fails", async ({ command, text }) => {
    using folder = temporaryFolder();
    await writeFile(join(folder.path, "settings.yaml"), text);
    const { code, output } = await runHeadgate([command, "--config", "settings.yaml"], {
      folder: folder.path,
    });
    expect(code).toBe(1);
    expect(output).toContain("settings.yaml:2:");
    expect(output).toContain("settings.yaml:3:1 stor: ");
    expect(output).toMatch(/headgate: \d problems in settings.yaml$/);
  });

  it("say which certificate file cannot be read", async () => {
    using folder = temporaryFolder();
    const text = controlPlaneConfig("tls: {cert: none.pem, key: none.key}\n");
    await writeFile(join(folder.path, "settings.yaml"), text);
    const { code, output } = await runHeadgate(["control-plane", "--config", "settings.yaml"], {
      folder: folder.path,
    });
    expect(code).toBe(1);
    expect(output).toMatch(/^headgate: cannot read none\.(pem|key): there is no such file$/m);
  });
});

/** A node that listens, with nothing to serve from. */
async function startUnready(config: string) {
  const folder = temporaryFolder();
  const file = join(folder.path, "data-plane.yaml");
  await writeFile(file, config);
  const process = new HeadgateProcess({
    args: ["data-plane", "--config", file],
    folder: folder.path,
  });
  const line = await process.logs.waitFor((one) => one["event"] === "listening", "the listeners");
  return {
    process,
    proxyUrl: String(line["proxy"]),
    [Symbol.asyncDispose]: async () => {
      await process.kill();
      folder[Symbol.dispose]();
    },
  };
}

function chat(proxyUrl: string): Promise<Response> {
  return fetch(`${proxyUrl}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "demo", messages: [{ role: "user", content: "Hello!" }] }),
  });
}

async function untilServed(proxyUrl: string): Promise<void> {
  await vi.waitFor(async () => expect((await chat(proxyUrl)).status).toBe(200), {
    timeout: 10_000,
    interval: 20,
  });
}

async function admin(
  control: RunningControlPlane,
  argv: readonly string[],
  stdin = "",
): Promise<string> {
  const env = { HEADGATE_SERVER: control.adminUrl, HEADGATE_ADMIN_TOKEN: control.adminToken };
  const io = memoryIo({ env, stdin });
  expect(await runCli(argv, io), io.written.stderr).toBe(0);
  return io.written.stdout;
}
