import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { version } from "./version.ts";

const bin = fileURLToPath(new URL("../bin/headgate.js", import.meta.url));

describe("bin/headgate.js", () => {
  it("runs the command line and hands its status on", async () => {
    const good = await run(["version"]);
    expect(good).toMatchObject({ status: 0, stderr: "" });
    expect(good.stdout).toContain(`headgate ${version}`);
    expect(await run(["nonsense"])).toMatchObject({ status: 2, stdout: "" });
  });

  it("answers `version` without loading the planes or the configuration", async () => {
    const { stderr } = await run(["version"], { NODE_DEBUG: "esm", HEADGATE_SOURCES: "1" });
    expect(stderr).toContain("cli/src/main.ts");
    for (const heavy of ["control-plane/src/", "data-plane/src/", "config/src/", "connectrpc"]) {
      expect(stderr).not.toContain(heavy);
    }
  });

  it.each(["SIGTERM", "SIGINT"] as const)("ends cleanly at %s", async (signal) => {
    const child = start(["demo-provider", "--port", "0"]);
    await once(child.stdout, "data");
    child.kill(signal);
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  it("says in one line that a port is taken", async () => {
    const first = start(["demo-provider", "--port", "0"]);
    const [line] = await once(first.stdout, "data");
    const port = /:(\d+)\//.exec(String(line))?.[1] ?? "";
    const second = await run(["demo-provider", "--port", port]);
    expect(second.status).toBe(1);
    expect(second.stderr).toMatch(/^headgate: cannot listen on 127.0.0.1:\d+ .*another --port\n$/);
  });

  it("takes settings from the environment", async () => {
    const child = start(["demo-provider"], { HEADGATE_PORT: "0", HEADGATE_HOST: "localhost" });
    const [line] = await once(child.stdout, "data");
    expect(String(line)).toMatch(/^demo provider listens on http:\/\/localhost:\d+\/v1\n$/);
  });
});

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

function start(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [bin, ...argv], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  return child;
}

async function run(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = start(argv, env);
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit"),
  ]);
  return { status: status as unknown, stdout, stderr };
}
