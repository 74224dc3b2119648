import { spawnSync } from "node:child_process";
import { globSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type RunningUp, startUp, temporaryFolder } from "@headgate/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const repository = resolve(import.meta.dirname, "..", "..");

/** The TypeScript of each package's README, by the file it is written to. */
const examples = globSync("*/README.md", { cwd: repository })
  .sort()
  .flatMap((page) => {
    const blocks = readFileSync(join(repository, page), "utf8").matchAll(/^```ts\n(.*?)^```/gms);
    return [...blocks].map(([, code = ""], index) => ({
      page,
      code,
      file: page.replace("/README.md", `-${index}.ts`),
    }));
  });

describe("the examples in the packages' READMEs", { timeout: 60_000 }, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let up: RunningUp;

  beforeAll(async () => {
    folder = temporaryFolder();
    symlinkSync(join(repository, "node_modules"), join(folder.path, "node_modules"));
    writeFileSync(join(folder.path, "package.json"), '{"type": "module"}');
    for (const { file, code } of examples) writeFileSync(join(folder.path, file), code);
    up = await startUp({ config: "teams: [{name: everyone}]\n" });
  });
  afterAll(async () => {
    await up?.[Symbol.asyncDispose]();
    folder?.[Symbol.dispose]();
  });

  it("are there", () => {
    expect(examples.map(({ page }) => page)).toContain("sdk/README.md");
  });

  it("have right types", () => {
    const settings = {
      extends: join(repository, "tsconfig.json"),
      include: ["*.ts"],
    };
    writeFileSync(join(folder.path, "tsconfig.json"), JSON.stringify(settings));
    const compiler = join(repository, "node_modules", "typescript", "bin", "tsc");
    expect(run(compiler, "-p", ".")).toEqual({ status: 0, stderr: "", stdout: "" });
  });

  it.each(examples)("run: $page", ({ file }) => {
    const { status, stderr, stdout } = run(file);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).not.toBe("");
  });

  function run(...args: readonly string[]) {
    const env = {
      ...process.env,
      HEADGATE_SERVER: up.adminUrl,
      HEADGATE_ADMIN_TOKEN: up.adminToken,
    };
    const options = { cwd: folder.path, env, encoding: "utf8", timeout: 30_000 } as const;
    const { status, stderr, stdout } = spawnSync(process.execPath, args, options);
    return { status, stderr, stdout };
  }
});
