import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { memoryIo } from "./memory-io.ts";
import { runCli } from "./run-cli.ts";

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "headgate-validate-"));
});
afterEach(() => rm(directory, { recursive: true }));

const examples = fileURLToPath(new URL("../../config/examples/", import.meta.url));

describe("headgate validate", () => {
  it.each([
    { file: "quickstart.yaml", kind: "resources" },
    { file: "control-plane.yaml", kind: "control-plane" },
    { file: "data-plane.yaml", kind: "data-plane" },
  ])("finds the example $file good, as $kind", async ({ file, kind }) => {
    const io = memoryIo();
    expect(await runCli(["validate", "-f", join(examples, file)], io)).toBe(0);
    expect(io.written.stdout).toBe(`${join(examples, file)}: good (${kind})\n`);
  });

  it("prints every problem with its place and fails", async () => {
    const file = join(directory, "bad.yaml");
    await writeFile(
      file,
      "providers:\n  - name: a\n    typ: openai\nmodels:\n  - name: m\n    deployments: [{provider: nobody}]\n",
    );
    const io = memoryIo();
    expect(await runCli(["validate", "-f", file], io)).toBe(1);
    const lines = io.written.stdout.trimEnd().split("\n");
    expect(lines.length).toBeGreaterThan(1);
    expect(lines).toContainEqual(expect.stringContaining(`${file}:3:5 providers[0].typ: `));
    expect(lines).toContainEqual(expect.stringContaining("nobody"));
    expect(io.written.stderr).toBe(
      `headgate: ${lines.length} problems in ${file} (read as resources)\n`,
    );
  });

  it("reads standard input, and variables from the environment", async () => {
    const stdin =
      "providers:\n  - {name: a, type: openai, credentials: [{name: a, api_key: '\u0024{KEY}'}]}\n";
    const [missing, present] = [memoryIo({ stdin }), memoryIo({ stdin, env: { KEY: "sk-1" } })];
    expect(await runCli(["validate", "-f", "-"], missing)).toBe(1);
    expect(missing.written.stdout).toMatch(/^<stdin>:2:.*KEY/);
    expect(await runCli(["validate", "-f", "-"], present)).toBe(0);
  });

  it("runs no command and fetches no URL for a secret, and says so", async () => {
    const made = join(directory, "made");
    const stdin =
      `keys:\n  - {name: a, secret_from: {command: [touch, "${made}"]}}\n` +
      "  - {name: b, secret_from: {http: {url: 'http://127.0.0.1:9/'}}}\n" +
      "  - {name: c, secret_from: {env: KEY}}\n";
    const [good, bad] = [
      memoryIo({ stdin, env: { KEY: "sk-0123456789abcdef" } }),
      memoryIo({ stdin }),
    ];
    expect(await runCli(["validate", "-f", "-"], good)).toBe(0);
    expect(good.written.stderr).toBe(
      "note: 2 secrets are not read: validate runs no commands and fetches no URLs\n",
    );
    expect(await runCli(["validate", "-f", "-"], bad)).toBe(1);
    expect(bad.written.stdout).toBe(
      "<stdin>:4:28 keys[2].secret_from: environment variable KEY is not set\n",
    );
    await expect(stat(made)).rejects.toThrow("ENOENT");
  });

  it("takes a file for what --kind says", async () => {
    const io = memoryIo();
    const file = join(examples, "control-plane.yaml");
    expect(await runCli(["validate", "-f", file, "--kind", "data-plane"], io)).toBe(1);
    expect(io.written.stderr).toContain("(read as data-plane)");
  });

  it.each([
    { name: "a missing file", file: "none.yaml", says: "there is no such file" },
    { name: "a directory", file: ".", says: "it is a directory" },
  ])("says what is wrong with $name", async ({ file, says }) => {
    const io = memoryIo();
    expect(await runCli(["validate", "-f", join(directory, file)], io)).toBe(1);
    expect(io.written.stderr).toMatch(new RegExp(`^headgate: cannot read .*${says}\n$`));
  });
});
