import { writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import {
  type LogLine,
  type RunningUp,
  runHeadgate,
  startFakeProvider,
  startUp,
  temporaryFolder,
} from "@headgate/testing";
import { describe, expect, it, vi } from "vitest";
import { memoryIo } from "../memory-io.ts";
import { runCli } from "../run-cli.ts";

const secret = "sk-test-0123456789abcdef";

/** Models answered by the demo provider, whose address `up` fills in. */
function config(models: readonly string[], baseUrl = "\u0024{HEADGATE_DEMO_URL}"): string {
  return [
    `providers: [{name: demo, type: openai-compatible, base_url: "${baseUrl}", credentials: [{name: a}]}]`,
    "models:",
    ...models.map((name) => `  - {name: ${name}, deployments: [{provider: demo}]}`),
    `keys: [{name: test, secret: ${secret}}]`,
    "",
  ].join("\n");
}

describe("headgate up", () => {
  it("serves what the file says, with a demo provider when the file asks for one", async () => {
    await using up = await startUp({ config: config(["demo"]) });
    const answer = await chat(up);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain("Hello from the demo provider");
    for (const url of [up.proxyUrl, up.adminUrl, up.telemetryUrl]) {
      expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    }
  });

  it("follows edits, and keeps the last good state when one is bad", async () => {
    await using up = await startUp({ config: config(["one"]) });
    await writeFile(up.configFile, config(["one", "two"]));
    await until(up, "two", 200);

    await writeFile(up.configFile, config(["three"]).replace("type:", "typ:"));
    await up.process.logs.waitFor(event("config-rejected"), "the edit to be refused");
    const problems = up.process.logs.lines.filter(event("config-problem"));
    expect(problems.map((line) => line["msg"])).toContainEqual(
      expect.stringContaining(`${up.configFile}:1:26 providers[0].typ: `),
    );
    expect((await chat(up, "two")).status).toBe(200);

    await writeFile(up.configFile, config(["three"]));
    await until(up, "three", 200);
    await until(up, "two", 404);
  });

  it("is ready only when what was edited while it was down is in force", async () => {
    using folder = temporaryFolder();
    const first = await startUp({ config: config(["one"]), folder: folder.path });
    await first.process.stop();
    await using second = await startUp({ config: config(["two"]), folder: folder.path });
    expect((await chat(second, "two")).status).toBe(200);
    expect((await chat(second, "one")).status).toBe(404);
  });

  it("lets the admin API add beside the file, but not touch what the file owns", async () => {
    await using up = await startUp({ config: config(["demo"]) });
    expect(await admin(up, ["delete", "model", "demo"])).toMatchObject({
      status: 1,
      stderr: `headgate: model demo is managed by file ${up.configFile}: change it there\n`,
    });
    const created = await admin(up, ["keys", "create", "extra"]);
    const answer = await chat(up, "demo", created.stdout.trim());
    // The new key reaches the node within the debounce time.
    if (answer.status !== 200) await until(up, "demo", 200, created.stdout.trim());
    await admin(up, ["keys", "revoke", "extra"]);
    await until(up, "demo", 401, created.stdout.trim());
    expect((await admin(up, ["nodes"])).stdout).toMatch(/ local +connected /);
  });

  it("lets a stream finish at SIGTERM, refuses new calls, and ends with status 0", async () => {
    await using up = await startUp({ config: config(["demo"]) });
    const stream = await chat(up, "demo", secret, { stream: true });
    up.process.signal("SIGTERM");
    await up.process.logs.waitFor(event("draining"), "the drain to begin");
    const outcome = () =>
      chat(up).then(
        ({ status }) => status,
        () => "refused",
      );
    // The line is written a moment before the worker hears of it.
    let refused = await outcome();
    while (refused === 200) refused = await outcome();
    expect(["refused", 503]).toContain(refused);
    expect((await stream.text()).trimEnd()).toMatch(/data: \[DONE\]$/);
    expect(await up.process.exited).toEqual({ code: 0, signal: null });
  });

  it("ends at once at a second signal", async () => {
    await using provider = await startFakeProvider({ behaviour: { hold: true } });
    await using up = await startUp({ config: config(["demo"], provider.baseUrl) });
    const held = chat(up).catch(() => undefined);
    await provider.waitFor(1);
    up.process.signal("SIGINT");
    await up.process.logs.waitFor(event("draining"), "the drain to begin");
    // Signals close together are one, so the second is repeated until it counts as one.
    const again = setInterval(() => up.process.signal("SIGINT"), 100);
    expect(await up.process.exited).toEqual({ code: 130, signal: null });
    clearInterval(again);
    await held;
  });

  it("keeps secrets in its data directory for their owner, and logs none", async () => {
    await using up = await startUp({ config: config(["demo"]), env: { HEADGATE_ADMIN_TOKEN: "" } });
    await chat(up);
    const flags = ["--server", up.adminUrl, "--data-dir", join(up.folder, ".headgate")];
    const io = memoryIo();
    expect(await runCli(["get", "models", ...flags], io)).toBe(0);
    expect(up.process.logs.tail(1_000)).not.toContain(secret);
  });

  it("prints every problem of the file and fails", async () => {
    using folder = temporaryFolder();
    await writeFile(join(folder.path, "bad.yaml"), "models: [{name: m}]\nkeys: [{nam: k}]\n");
    const { code, output } = await runHeadgate(["up", "--config", "bad.yaml"], {
      folder: folder.path,
    });
    expect(code).toBe(1);
    expect(output).toContain("bad.yaml:1:");
    expect(output).toContain("bad.yaml:2:");
    expect(output).toMatch(/headgate: \d+ problems in bad.yaml$/);
  });

  it.each(["--port", "--admin-port", "--telemetry-port"])(
    "says what to do when the port of %s is taken",
    async (flag) => {
      using folder = temporaryFolder();
      await using taken = await takePort();
      const free = ["--port", "0", "--admin-port", "0", "--telemetry-port", "0"];
      const { code, output } = await runHeadgate(["up", ...free, flag, String(taken.port)], {
        folder: folder.path,
      });
      expect(code).toBe(1);
      expect(output).toMatch(new RegExp(`^headgate: .*127.0.0.1:${taken.port}.*another`, "m"));
      expect(output).not.toContain("HEADGATE_DEBUG");
    },
  );

  it("refuses a data directory that another process uses", async () => {
    await using up = await startUp({ config: config(["demo"]) });
    const free = ["--port", "0", "--admin-port", "0", "--telemetry-port", "0"];
    const { code, output } = await runHeadgate(["up", ...free], { folder: up.folder });
    expect(code).toBe(1);
    expect(output).toMatch(/^headgate: .*headgate\.db/m);
  });

  it("refuses a store that another master key sealed", async () => {
    using folder = temporaryFolder();
    const first = await startUp({ config: config(["demo"]), folder: folder.path });
    await first.process.stop();
    const { code, output } = await runHeadgate(["up", "--port", "0", "--admin-port", "0"], {
      folder: folder.path,
      env: { HEADGATE_MASTER_KEY: Buffer.alloc(32, 7).toString("base64") },
    });
    expect(code).toBe(1);
    expect(output).toMatch(/^headgate: .*master key/m);
  });
});

/** A chat call; with a body's fields to add. */
function chat(
  up: RunningUp,
  model = "demo",
  bearer = secret,
  more: object = {},
): Promise<Response> {
  return fetch(`${up.proxyUrl}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
    body: JSON.stringify({ model, messages: [{ role: "user", content: "Hello!" }], ...more }),
  });
}

/** Wait until calls to `model` are answered with `status`. */
async function until(up: RunningUp, model: string, status: number, bearer = secret): Promise<void> {
  await vi.waitFor(
    async () => {
      const answer = await chat(up, model, bearer);
      await answer.body?.cancel();
      expect(answer.status).toBe(status);
    },
    { timeout: 10_000, interval: 20 },
  );
}

function event(name: string): (line: LogLine) => boolean {
  return (line) => line["event"] === name;
}

async function admin(up: RunningUp, argv: readonly string[]) {
  const env = { HEADGATE_SERVER: up.adminUrl, HEADGATE_ADMIN_TOKEN: up.adminToken };
  const io = memoryIo({ env });
  const status = await runCli(argv, io);
  return { status, ...io.written };
}

async function takePort(): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    // A server that listens on a port has an AddressInfo.
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
