import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { request as httpsRequest } from "node:https";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import {
  type FakeProvider,
  runHeadgate,
  startFakeProvider,
  startUp,
  temporaryFolder,
} from "@headgate/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chatBody, chatHeaders, chatOver } from "./chat.ts";
import { Planes } from "./planes.ts";

const key = "sk-hg-listeners-0123456789";

describe("listeners", () => {
  let resourcesOfTest: AsyncDisposableStack;
  let provider: FakeProvider;

  beforeEach(async () => {
    resourcesOfTest = new AsyncDisposableStack();
    provider = resourcesOfTest.use(await startFakeProvider());
  });
  afterEach(() => resourcesOfTest.disposeAsync());

  // Each worker has its own connections to providers and keeps them open, and calls come one at a
  // time: so there are as many connections as workers that serve.
  it.each([
    { workers: 1, serve: "one worker serves" },
    { workers: 2, serve: "two workers share" },
  ])("$serve one port, and metrics count what all did", async ({ workers }) => {
    const flags = ["--workers", String(workers)];
    const up = resourcesOfTest.use(await startUp({ config: yaml(provider), flags }));
    const calls = 40; // That all of them meet the same one of two workers: 1 in 2^39.
    for (let call = 0; call < calls; call++) {
      expect((await chatOver({ proxyUrl: up.proxyUrl, key })).status).toBe(200);
    }
    expect(provider.openSockets).toBe(workers);
    const metrics = await (await fetch(`${up.telemetryUrl}/metrics`)).text();
    expect(metrics).toMatch(new RegExp(`^headgate_workers ${workers}$`, "m"));
    expect(metrics).toMatch(new RegExp(`^llm_requests_total\\{[^}]*\\} ${calls}$`, "m"));
  });

  it("serve a Unix socket, again after a crash left its file behind, and remove it at the end", async () => {
    using folder = temporaryFolder();
    const socketPath = join(folder.path, "proxy.sock");
    const listen = `{proxy: "unix:${socketPath}", telemetry: "127.0.0.1:0"}`;
    const planes = resourcesOfTest.use(await Planes.start({ resources: yaml(provider), listen }));
    const call = () => chatOver({ proxyUrl: "http://localhost", key }, { socketPath });

    const first = await planes.startNode();
    expect(first.proxyUrl).toBe(`http+unix://${socketPath}`);
    expect((await call()).status).toBe(200);
    await first.process.kill();
    expect(existsSync(socketPath)).toBe(true);

    const second = await planes.startNode();
    expect((await call()).status).toBe(200);
    await expect(planes.startNode()).rejects.toThrow(
      `cannot listen on unix:${socketPath} (proxy): another program listens there`,
    );
    expect((await call()).status).toBe(200);
    expect(await second.process.stop()).toEqual({ code: 0, signal: null });
    expect(existsSync(socketPath)).toBe(false);
  });

  it("serve TLS with certificate files", async (context) => {
    using folder = temporaryFolder();
    const certificate = makeCertificate(folder.path);
    context.skip(certificate === undefined, "TLS listener not tested: there is no openssl on PATH");
    if (!certificate) return;
    const { cert, key: privateKey } = certificate;
    const planes = resourcesOfTest.use(
      await Planes.start({
        resources: yaml(provider),
        dataPlane: `tls: {cert: "${cert}", key: "${privateKey}"}`,
      }),
    );
    const node = await planes.startNode();
    expect(node.proxyUrl).toMatch(/^https:/);
    expect(await tlsChatStatus(node.proxyUrl, readFileSync(cert, "utf8"))).toBe(200);
    await expect(tlsChatStatus(node.proxyUrl, undefined)).rejects.toThrow("self-signed");
    // The telemetry port stays plain: it is the machine's own.
    expect((await fetch(`${node.telemetryUrl}/health/ready`)).status).toBe(200);
  });

  describe("on a port that is taken", () => {
    const up = ["up", "--port", "0", "--admin-port", "0", "--telemetry-port", "0"];
    it.each([
      { name: "--port", more: [], remedy: "choose another port" },
      { name: "--port", more: ["--workers", "2"], remedy: "choose another port" },
      { name: "--telemetry-port", more: [], remedy: "choose another port" },
      { name: "--admin-port", more: [], remedy: "choose another --admin-port" },
    ])("headgate up fails and says what to do ($name $more)", async ({ name, more, remedy }) => {
      using folder = temporaryFolder();
      const port = await takePort();
      const args = [...up, ...more, name, String(port)];
      const { code, output } = await runHeadgate(args, { folder: folder.path });
      expect(code, output).toBe(1);
      expect(lastLine(output)).toMatch(/^headgate: /);
      expect(lastLine(output)).toContain(`127.0.0.1:${port}`);
      expect(lastLine(output)).toContain(remedy);
    });

    // The kernel would let two programs that share their port among workers share it with each other.
    it("headgate up with workers does not join another that has workers too", async () => {
      using folder = temporaryFolder();
      const flags = ["--workers", "2"];
      const first = resourcesOfTest.use(await startUp({ config: yaml(provider), flags }));
      const args = [...up, ...flags, "--port", new URL(first.proxyUrl).port];
      const { code, output } = await runHeadgate(args, { folder: folder.path });
      expect(code, output).toBe(1);
      expect(lastLine(output)).toContain("another program listens there");
    });

    it.each([
      { command: "control-plane", listen: "admin" },
      { command: "control-plane", listen: "grpc" },
      { command: "data-plane", listen: "proxy" },
      { command: "data-plane", listen: "telemetry" },
    ])("headgate $command fails and says what to do ($listen)", async ({ command, listen }) => {
      const port = await takePort();
      const others = command === "data-plane" ? ["proxy", "telemetry"] : ["admin", "grpc"];
      const addresses = others.map((one) => `${one}: "127.0.0.1:${one === listen ? port : 0}"`);
      const more =
        command === "data-plane" ? 'control_plane: {endpoints: ["http://127.0.0.1:1"]}' : "";
      const config = `region: test\nlisten: {${addresses.join(", ")}}\n${more}\n`;
      const { code, output } = await runWithConfig(command, config);
      expect(code, output).toBe(1);
      expect(lastLine(output)).toMatch(/^headgate: /);
      expect(lastLine(output)).toContain(`127.0.0.1:${port}`);
    });

    /** A port that another program has, as long as the test runs. */
    async function takePort(): Promise<number> {
      const { promise, resolve } = Promise.withResolvers<void>();
      const server = createServer().listen(0, "127.0.0.1", resolve);
      resourcesOfTest.defer(() => void server.close());
      await promise;
      // Sound because it listens on TCP.
      return (server.address() as AddressInfo).port;
    }
  });
});

function yaml(provider: FakeProvider): string {
  return `
providers:
  - {name: fake, type: openai-compatible, base_url: "${provider.baseUrl}", credentials: [{name: a}]}
models: [{name: chat, deployments: [{provider: fake}]}]
keys: [{name: listeners, secret: ${key}}]
`;
}

async function runWithConfig(command: string, config: string) {
  using folder = temporaryFolder();
  const file = join(folder.path, "settings.yaml");
  writeFileSync(file, config);
  return await runHeadgate([command, "--config", file], { folder: folder.path });
}

/** Paths of a self-signed certificate for 127.0.0.1; undefined without openssl. */
function makeCertificate(folder: string): { cert: string; key: string } | undefined {
  const paths = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
  const subject = ["-subj", "/CN=headgate-test", "-addext", "subjectAltName=IP:127.0.0.1"];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const files = ["-keyout", paths.key, "-out", paths.cert];
  try {
    execFileSync("openssl", ["req", "-x509", "-days", "2", ...curve, ...subject, ...files], {
      stdio: "ignore",
    });
    return paths;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** The status of a call over TLS, trusting only `ca`. */
function tlsChatStatus(proxyUrl: string, ca: string | undefined): Promise<number> {
  const call = { proxyUrl, key };
  const url = `${proxyUrl}/v1/chat/completions`;
  const trust = ca === undefined ? {} : { ca };
  return new Promise((resolve, reject) => {
    const options = { method: "POST", headers: chatHeaders(call), agent: false as const, ...trust };
    const request = httpsRequest(url, options, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode ?? 0));
    });
    request.on("error", reject);
    request.end(chatBody(call));
  });
}

function lastLine(output: string): string {
  return output.trimEnd().split("\n").at(-1) ?? "";
}
