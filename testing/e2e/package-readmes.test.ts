import { execFile } from "node:child_process";
import { globSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { type RunningUp, startUp, temporaryFolder } from "@headgate/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const repository = resolve(import.meta.dirname, "..", "..");

const execute = promisify(execFile);

/** The TypeScript of each page, by the file it is written to. */
const examples = globSync(["*/README.md", "docs/sdk.md"], { cwd: repository })
  .sort()
  .flatMap((page) => {
    const blocks = readFileSync(join(repository, page), "utf8").matchAll(/^```ts\n(.*?)^```/gms);
    return [...blocks].map(([, code = ""], index) => ({
      page,
      code,
      number: index + 1,
      file: `${page.replace(/\W/g, "-")}-${index}.ts`,
    }));
  });

describe("the examples in the packages' READMEs and the SDK's page", { timeout: 60_000 }, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let up: RunningUp;
  let issuer: Server;

  beforeAll(async () => {
    folder = temporaryFolder();
    symlinkSync(join(repository, "node_modules"), join(folder.path, "node_modules"));
    writeFileSync(join(folder.path, "package.json"), '{"type": "module"}');
    for (const { file, code } of examples) writeFileSync(join(folder.path, file), code);
    up = await startUp({ config: "teams: [{name: everyone}]\n" });
    issuer = await startIssuer(up.adminToken);
  });
  afterAll(async () => {
    issuer?.close();
    await up?.[Symbol.asyncDispose]();
    folder?.[Symbol.dispose]();
  });

  it("are there", () => {
    const pages = examples.map(({ page }) => page);
    expect(pages).toContain("sdk/README.md");
    expect(pages.filter((page) => page === "docs/sdk.md").length).toBeGreaterThan(8);
  });

  it("have right types", async () => {
    const settings = {
      extends: join(repository, "tsconfig.json"),
      include: ["*.ts"],
    };
    writeFileSync(join(folder.path, "tsconfig.json"), JSON.stringify(settings));
    const compiler = join(repository, "node_modules", "typescript", "bin", "tsc");
    expect(await run(compiler, "-p", ".")).toEqual({ stderr: "", stdout: "" });
  });

  it.each(examples)("run: $page, number $number", async ({ file }) => {
    const { stderr, stdout } = await run(file);
    expect(stderr).toBe("");
    expect(stdout).not.toBe("");
  });

  /** Rejects, with all that was written, if the program fails. */
  function run(...args: readonly string[]) {
    // A server that listens on a port has an AddressInfo.
    const { port } = issuer.address() as AddressInfo;
    const env = {
      ...process.env,
      HEADGATE_SERVER: up.adminUrl,
      HEADGATE_ADMIN_TOKEN: up.adminToken,
      OIDC_TOKEN_URL: `http://127.0.0.1:${port}/token`,
    };
    const options = { cwd: folder.path, env, encoding: "utf8", timeout: 30_000 } as const;
    return execute(process.execPath, args, options);
  }
});

/** Gives out a token as OAuth's token endpoints do (RFC 6749, section 5.1). */
async function startIssuer(token: string): Promise<Server> {
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ access_token: token, token_type: "Bearer", expires_in: 300 }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
