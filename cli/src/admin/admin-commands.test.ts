import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningControlPlane, startControlPlane } from "@headgate/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type MemoryIo, memoryIo } from "../memory-io.ts";
import { runCli } from "../run-cli.ts";

const settings =
  "region: test\nlisten: {admin: 127.0.0.1:0, grpc: 127.0.0.1:0}\ndata_dir: ./data\n";

const resources = `
providers:
  - name: vendor
    type: openai
    credentials: [{name: vendor-a, api_key: sk-vendor-secret-0123456789}]
models:
  - name: gpt
    strategy: weighted
    deployments: [{provider: vendor, model: gpt-upstream, weight: 2}]
teams:
  - name: research
keys:
  - {name: alice, team: research, user: al, secret: sk-alice-0123456789abcdef, models: [gpt, "claude-*"]}
policy:
  retry: {max_attempts: 2}
  timeouts: {total: 90s}
`;

let plane: RunningControlPlane;
let directory = "";
beforeAll(async () => {
  plane = await startControlPlane({ config: settings });
  directory = await mkdtemp(join(tmpdir(), "headgate-cli-"));
});
afterAll(async () => {
  await plane?.[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

describe("headgate apply", () => {
  beforeEach(empty);

  it("creates, then leaves alone, then updates", async () => {
    const created = await ok(["apply", "-f", "-"], resources);
    expect(created.split("\n").toSorted()).toEqual([
      "",
      "key/alice created",
      "model/gpt created",
      "policy/default created",
      "provider/vendor created",
      "team/research created",
    ]);
    const again = await ok(["apply", "-f", "-"], resources);
    expect(new Set(again.match(/\w+$/gm))).toEqual(new Set(["unchanged"]));
    const edited = await ok(["apply", "-f", "-"], resources.replace("weight: 2", "weight: 3"));
    expect(edited).toContain("model/gpt updated\n");
    expect(edited).toContain("provider/vendor unchanged\n");
  });

  it("with --dry-run says what would be and changes nothing", async () => {
    const output = await ok(["apply", "-f", "-", "--dry-run"], resources);
    expect(output).toContain("model/gpt created (dry run)\n");
    expect(await ok(["get", "all"])).toBe("");
  });

  it("with --prune deletes what the file does not name", async () => {
    await ok(["apply", "-f", "-"], resources);
    const output = await ok(["apply", "-f", "-", "--prune"], "teams: [{name: research}]\n");
    expect(output).toContain("model/gpt deleted\n");
    expect(await ok(["get", "all"])).toMatch(/^TEAM .*\nresearch .*\n$/);
  });

  it("takes a file that refers to what the server has", async () => {
    await ok(["apply", "-f", "-"], resources);
    const model = "models: [{name: second, deployments: [{provider: vendor}]}]\n";
    expect(await ok(["apply", "-f", "-"], model)).toBe("model/second created\n");
  });

  it("prints the problems of a file with their places and sends nothing", async () => {
    const file = join(directory, "bad.yaml");
    await writeFile(file, "models:\n  - name: m\n    strateggy: weighted\n");
    const io = await run(["apply", "-f", file], 1);
    expect(io.written.stderr).toContain(`${file}:3:5 models[0].strateggy: `);
    expect(io.written.stderr).toMatch(/headgate: \d+ problems? in .*, nothing was applied\n$/);
  });

  it("shows what the server refuses", async () => {
    const model = "models: [{name: m, deployments: [{provider: nobody}]}]\n";
    const io = await run(["apply", "-f", "-"], 1, { stdin: model });
    expect(io.written.stderr).toMatch(/^headgate: .*nobody/);
  });
});

describe("headgate get", () => {
  beforeAll(async () => {
    await empty();
    await ok(["apply", "-f", "-"], resources);
  });

  it.each([
    { kind: "providers", line: /^vendor +openai +https:\/\/api.openai.com\/v1 +vendor-a +-$/m },
    { kind: "model", line: /^gpt +weighted +vendor\/gpt-upstream +-$/m },
    { kind: "teams", line: /^research +-$/m },
    { kind: "key", line: /^alice +research +al +gpt,claude-\* +active +\d{4}-\S+Z +-$/m },
    { kind: "policies", line: /^default +2 +total=90s +-$/m },
  ])("shows $kind in a table", async ({ kind, line }) => {
    expect(await ok(["get", kind])).toMatch(line);
  });

  it("shows one by name, and says which is not there", async () => {
    expect(await ok(["get", "model", "gpt"])).toContain("gpt-upstream");
    const io = await run(["get", "model", "nothing"], 1);
    expect(io.written.stderr).toBe("headgate: model nothing does not exist\n");
  });

  it("prints JSON in the shape of the file", async () => {
    const set = JSON.parse(await ok(["get", "models", "-o", "json"]));
    expect(set).toMatchObject({
      models: [{ name: "gpt", strategy: "weighted", deployments: [{ provider: "vendor" }] }],
    });
  });

  it("prints YAML that apply takes back without changing anything", async () => {
    for (const kind of ["models", "teams", "policy"]) {
      const yaml = await ok(["get", kind, "-o", "yaml"]);
      expect(await ok(["apply", "-f", "-"], yaml)).toMatch(/^(\w+\/\w+ unchanged\n)+$/);
    }
  });

  it("as YAML keeps a text that only looks like a variable", async () => {
    await ok(
      ["apply", "-f", "-"],
      'keys: [{name: odd, user: "$${USER_ID}", secret: sk-odd-0123456789abcdef}]',
    );
    const yaml = await ok(["get", "key", "odd", "-o", "yaml"]);
    expect(await ok(["apply", "-f", "-"], yaml)).toBe("key/odd unchanged\n");
    const json = JSON.parse(await ok(["get", "key", "odd", "-o", "json"]));
    expect(json.keys[0].user).toBe(`$${"{USER_ID}"}`);
  });

  it("never prints secrets", async () => {
    for (const format of ["table", "json", "yaml"]) {
      const output = await ok(["get", "all", "-o", format]);
      expect(output).not.toMatch(/sk-vendor-secret|sk-alice/);
    }
  });

  it("takes no name with all", async () => {
    expect((await run(["get", "all", "gpt"], 2)).written.stderr).toContain("all takes no name");
  });
});

describe("headgate delete", () => {
  beforeAll(async () => {
    await empty();
    await ok(["apply", "-f", "-"], resources);
  });

  it("refuses what something refers to, and deletes in order", async () => {
    const refused = await run(["delete", "provider", "vendor"], 1);
    expect(refused.written.stderr).toMatch(/^headgate: .*gpt/);
    expect(await ok(["delete", "models", "gpt"])).toBe("model/gpt deleted\n");
    expect(await ok(["delete", "provider", "vendor"])).toBe("provider/vendor deleted\n");
    expect(await ok(["delete", "policy", "default"])).toBe("policy/default deleted\n");
  });

  it("says what is not there", async () => {
    const io = await run(["delete", "team", "nobody"], 1);
    expect(io.written.stderr).toBe("headgate: team nobody does not exist\n");
  });
});

describe("headgate keys", () => {
  beforeAll(async () => {
    await empty();
    await ok(["apply", "-f", "-"], "teams: [{name: research}]\n");
  });

  it("shows a secret once, alone on standard output; rotates and revokes", async () => {
    const create = [
      "keys",
      "create",
      "bob",
      "--team",
      "research",
      "--user",
      "b",
      "--models",
      "a,b*",
    ];
    const created = await run(create, 0);
    expect(created.written.stdout).toMatch(/^sk-hg-\w{32}\n$/);
    expect(created.written.stderr).toMatch(/^key bob created\. .*only time/);
    expect(await ok(["keys", "list"])).toMatch(/^bob +research +b +a,b\* +active /m);

    const rotated = await run(["keys", "rotate", "bob"], 0);
    expect(rotated.written.stdout).toMatch(/^sk-hg-\w{32}\n$/);
    expect(rotated.written.stdout).not.toBe(created.written.stdout);

    expect(await ok(["keys", "revoke", "bob"])).toBe("key/bob revoked\n");
    expect(await ok(["keys", "list"])).toMatch(/^bob .* revoked /m);
    expect(await ok(["keys", "list", "-o", "json"])).not.toContain("sk-hg-");
  });

  it("refuses a second key of the name, and a team that is not there", async () => {
    await run(["keys", "create", "carol"], 0);
    const twice = await run(["keys", "create", "carol"], 1);
    expect(twice.written.stderr).toContain("carol");
    const nowhere = await run(["keys", "create", "dan", "--team", "nowhere"], 1);
    expect(nowhere.written.stderr).toContain("nowhere");
  });
});

describe("headgate nodes", () => {
  it("says that there is none yet", async () => {
    const io = await run(["nodes"], 0);
    expect(io.written).toEqual({ stdout: "", stderr: "No node has connected yet.\n" });
    expect(JSON.parse(await ok(["nodes", "-o", "json"]))).toEqual({});
  });
});

describe("when the admin API cannot be used", () => {
  it("asks whether a server runs", async () => {
    const io = memoryIo();
    const flags = ["--server", "http://127.0.0.1:65534", "--token", "x"];
    expect(await runCli(["nodes", ...flags], io)).toBe(1);
    expect(io.written.stderr).toBe(
      "headgate: cannot reach http://127.0.0.1:65534 (ECONNREFUSED): is `headgate up` running? " +
        "Another address: --server URL or HEADGATE_SERVER\n",
    );
  });

  it("says where it took the token that was refused", async () => {
    const io = memoryIo();
    const flags = ["--server", plane.adminUrl, "--token", "wrong"];
    expect(await runCli(["nodes", ...flags], io)).toBe(1);
    expect(io.written.stderr).toMatch(
      /^headgate: http:\S+ refuses the admin token from --token or HEADGATE_ADMIN_TOKEN; .*\n$/,
    );
  });

  it("says where it looked for a token", async () => {
    const io = memoryIo();
    expect(await runCli(["nodes", "--data-dir", directory], io)).toBe(1);
    expect(io.written.stderr).toContain(join(directory, "admin-token"));
  });

  it("finds the token that a server on this machine keeps", async () => {
    await writeFile(join(directory, "admin-token"), `${plane.adminToken}\n`);
    const io = memoryIo({ env: { HEADGATE_DATA_DIR: directory, HEADGATE_SERVER: plane.adminUrl } });
    expect(await runCli(["nodes"], io)).toBe(0);
  });

  it("recognises another web server", async () => {
    const url = await startOther();
    const io = memoryIo();
    expect(await runCli(["nodes", "--server", url, "--token", "x"], io)).toBe(1);
    expect(io.written.stderr).toMatch(/does not speak the admin API .*8081 by default\n$/);
  });

  it("says nothing in brackets when the other server gives no reason", async () => {
    await using other = createServer((_request, response) => {
      response.writeHead(404, { "content-type": "application/json" });
      response.end('{"error":{"message":"no such route"}}');
    });
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    const io = memoryIo();
    expect(await runCli(["nodes", "--server", url, "--token", "x"], io)).toBe(1);
    expect(io.written.stderr).not.toContain("()");
    expect(io.written.stderr).toContain("does not speak the admin API");
  });
});

const others: Server[] = [];
afterEach(() => {
  for (const server of others.splice(0)) server.close();
});

async function startOther(): Promise<string> {
  const server = createServer((_request, response) => {
    response.writeHead(404, { "content-type": "text/html" }).end("<h1>Not here</h1>");
  });
  others.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A server that listens on a port has an AddressInfo.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function empty(): Promise<void> {
  await ok(["apply", "-f", "-", "--prune"], "teams: [{name: last}]\n");
  await ok(["delete", "team", "last"]);
}

/** Run a command against the control plane and expect this status. */
async function run(
  argv: readonly string[],
  status: number,
  options: { readonly stdin?: string } = {},
): Promise<MemoryIo> {
  const env = { HEADGATE_SERVER: plane.adminUrl, HEADGATE_ADMIN_TOKEN: plane.adminToken };
  const io = memoryIo({ env, ...options });
  const ended = await runCli(argv, io);
  expect(ended, io.written.stderr).toBe(status);
  return io;
}

async function ok(argv: readonly string[], stdin = ""): Promise<string> {
  return (await run(argv, 0, { stdin })).written.stdout;
}
