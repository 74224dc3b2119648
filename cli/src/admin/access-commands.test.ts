import { type RunningControlPlane, startControlPlane } from "@headgate/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type MemoryIo, memoryIo } from "../memory-io.ts";
import { runCli } from "../run-cli.ts";

const settings =
  "region: test\nreplica: r1\nlisten: {admin: 127.0.0.1:0, grpc: 127.0.0.1:0}\ndata_dir: ./data\n";

const resources = `
providers:
  - name: vendor
    type: openai
    credentials: [{name: vendor-a, api_key: sk-vendor-secret-0123456789}]
models:
  - name: gpt
    deployments: [{provider: vendor, weight: 2}]
teams: [{name: research}, {name: sales}]
keys:
  - {name: alice, team: research, secret: sk-alice-0123456789abcdef}
  - {name: bob, team: sales, secret: sk-bob-0123456789abcdef}
`;

let plane: RunningControlPlane;
beforeAll(async () => {
  plane = await startControlPlane({ config: settings });
  await ok(["apply", "-f", "-"], { stdin: resources });
});
afterAll(async () => {
  await plane?.[Symbol.asyncDispose]();
});

describe("headgate tokens", () => {
  it("makes one that may do what its role may, until it is deleted", async () => {
    const io = await run(["tokens", "create", "watcher", "--role", "viewer", "--ttl", "1h"]);
    const token = io.written.stdout.trim();
    expect(token).toMatch(/^hgt_/);
    expect(io.written.stderr).toBe("This is the only time that the token watcher is shown.\n");
    expect(await ok(["whoami"], { token })).toMatch(/^token watcher: viewer, until 20/);
    expect(await ok(["get", "teams"], { token })).toContain("research");
    const refused = await run(["keys", "create", "k"], { token, status: 1 });
    expect(refused.written.stderr).toMatch(/viewer may not call CreateKey/);
    expect(await ok(["tokens", "list"])).toMatch(/^watcher +viewer +- +20\S+Z +root$/m);
    expect(await ok(["tokens", "delete", "watcher"])).toBe("token/watcher deleted\n");
    expect(await ok(["tokens", "list", "-o", "json"])).not.toContain("watcher");
    const gone = await run(["whoami"], { token, status: 1 });
    expect(gone.written.stderr).toMatch(/refuses the admin token/);
  });

  it("makes one that manages the keys of a team, and no others", async () => {
    const create = ["tokens", "create", "lead", "--role", "team", "--team", "research"];
    const token = (await ok(create)).trim();
    const listed = await ok(["keys", "list"], { token });
    expect(listed).toMatch(/^alice /m);
    expect(listed).not.toContain("bob");
    expect(await ok(["keys", "create", "carol", "--team", "research"], { token })).toMatch(
      /^sk-hg-/,
    );
    const refused = await run(["keys", "create", "x", "--team", "sales"], { token, status: 1 });
    expect(refused.written.stderr).toMatch(/manages keys of team research/);
    await ok(["delete", "key", "carol"], { token });
  });

  it.each([
    { name: "no role", args: ["create", "x"], says: /--role/ },
    { name: "an odd role", args: ["create", "x", "--role", "king"], says: /Allowed choices/ },
    {
      name: "an odd time",
      args: ["create", "x", "--role", "viewer", "--ttl", "soon"],
      says: /duration/,
    },
  ])("refuses $name as wrong usage", async ({ args, says }) => {
    const io = await run(["tokens", ...args], { status: 2 });
    expect(io.written.stderr).toMatch(says);
  });
});

describe("headgate join-tokens", () => {
  it("makes, lists and deletes them", async () => {
    const create = ["join-tokens", "create", "--region", "eu", "--uses", "3", "--ttl", "24h"];
    const token = (await ok(create)).trim();
    const [, id = ""] = /^hgj_([0-9a-f]{16})_/.exec(token) ?? [];
    expect(await ok(["join-tokens", "list"])).toMatch(
      new RegExp(`^${id} +eu +any +0/3 +20\\S+Z +root$`, "m"),
    );
    expect(await ok(["join-tokens", "delete", id])).toBe(`join-token/${id} deleted\n`);
    const io = await run(["join-tokens", "list"]);
    expect(io.written.stderr).toBe("There is no join token.\n");
  });
});

describe("headgate export", () => {
  it("prints what apply takes back without changing anything, with --prune too", async () => {
    const yaml = await ok(["export"]);
    expect(yaml).not.toMatch(/metadata|revision|sk-vendor|sk-alice/);
    const applied = await ok(["apply", "-f", "-", "--prune"], { stdin: yaml });
    expect(applied.trim().split("\n")).toHaveLength(6);
    expect(new Set(applied.match(/\w+$/gm))).toEqual(new Set(["unchanged"]));
    expect(await ok(["export"])).toBe(yaml);
  });

  it("prints JSON too", async () => {
    const set = JSON.parse(await ok(["export", "-o", "json"]));
    expect(set).toMatchObject({ teams: [{ name: "research" }, { name: "sales" }] });
  });
});

describe("headgate diff", () => {
  it("shows nothing where nothing differs", async () => {
    const io = await run(["diff", "-f", "-", "--exit-code"], { stdin: resources });
    expect(io.written).toEqual({ stdout: "", stderr: "No differences.\n" });
  });

  it("shows lines, names secrets that change, and changes nothing", async () => {
    const edited = resources
      .replace("weight: 2", "weight: 3")
      .replace("sk-vendor-secret", "sk-vendor-other");
    const before = await ok(["export"]);
    const shown = await ok(["diff", "-f", "-"], { stdin: edited });
    expect(shown).toContain("# provider/vendor credentials[0].api_key: another secret\n");
    expect(shown).toMatch(/^- +weight: 2\n\+ +weight: 3$/m);
    expect(shown).not.toContain("sk-vendor");
    expect(await ok(["export"])).toBe(before);
  });

  it("with --prune shows what would go, and with --exit-code ends with 1", async () => {
    const io = await run(["diff", "-f", "-", "--prune", "--exit-code"], {
      stdin: "teams: [{name: research}, {name: fresh}]\n",
      status: 1,
    });
    expect(io.written.stdout).toMatch(/^\+\+\+ b\/team\/fresh$/m);
    expect(io.written.stdout).toMatch(/^--- a\/model\/gpt$/m);
    expect(io.written.stderr).toMatch(/resources differ/);
  });
});

describe("headgate describe", () => {
  it("shows what refers to it, and its history", async () => {
    const text = await ok(["describe", "provider", "vendor"]);
    expect(text).toMatch(/Referred to by\n {2}model gpt/);
    expect(text).toMatch(/History, newest first\n {2}20\S+ {2}root \(admin\)/);
    expect(text).toContain("managed by  the API");
  });

  it("leaves the history out for those who may not read it", async () => {
    const token = (await ok(["tokens", "create", "reader", "--role", "viewer"])).trim();
    expect(await ok(["describe", "team", "research"], { token })).not.toContain("History");
  });
});

describe("headgate audit", () => {
  it("prints what was done and what was refused, filtered", async () => {
    expect(await ok(["audit", "--filter", "kind = key AND name = alice"])).toMatch(
      /root \(admin\) {2}127\.0\.0\.1 {2}Apply {2}.*key\/alice created/,
    );
    expect(await ok(["audit", "--filter", "outcome = denied", "--limit", "1"])).toMatch(/DENIED: /);
    const io = await run(["audit", "--filter", "actor = nobody"]);
    expect(io.written.stderr).toBe("There is no such entry.\n");
  });

  it("follows what is done until it is stopped", async () => {
    const stop = new AbortController();
    const io = memoryIo({ env: environment(), stop: stop.signal });
    const following = runCli(["audit", "--follow"], io);
    let made = 0;
    await expect
      .poll(async () => {
        made += 1;
        await ok(["apply", "-f", "-"], { stdin: `teams: [{name: followed-${made}}]\n` });
        return io.written.stdout;
      })
      .toMatch(/team\/followed-\d+ created/);
    stop.abort();
    expect(await following).toBe(0);
  });
});

describe("headgate watch", () => {
  it("prints what there is and what changes, as JSON lines too", async () => {
    const stop = new AbortController();
    const io = memoryIo({ env: environment(), stop: stop.signal });
    const watching = runCli(["watch", "teams", "--json"], io);
    await expect.poll(() => io.written.stdout).toContain('"name":"research"');
    await ok(["apply", "-f", "-"], { stdin: "teams: [{name: watched}]\n" });
    await expect.poll(() => io.written.stdout).toContain('"name":"watched"');
    stop.abort();
    expect(await watching).toBe(0);
    const lines = io.written.stdout.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).kind)).toEqual(lines.map(() => "team"));
  });
});

describe("headgate status", () => {
  it("tells of the replica, its store and its bus", async () => {
    const text = await ok(["status"]);
    expect(text).toMatch(/^answered by {2}r1 in test, build /);
    expect(text).toMatch(/^store +embedded, good$/m);
    expect(text).toMatch(/^bus +embedded, good$/m);
  });
});

describe("headgate secrets", () => {
  it("counts what is sealed, and seals nothing anew where nothing is old", async () => {
    expect(await ok(["secrets", "status"])).toMatch(/^\d+ sealed values, 0 of them/);
    expect(await ok(["secrets", "reseal"])).toBe("0 values were sealed anew\n");
  });
});

describe("headgate nodes delete", () => {
  it("says that there is no such node", async () => {
    const io = await run(["nodes", "delete", "nobody"], { status: 1 });
    expect(io.written.stderr).toBe("headgate: node nobody does not exist\n");
  });
});

interface RunOptions {
  readonly stdin?: string;
  readonly token?: string;
  /** Default 0. */
  readonly status?: number;
}

function environment(token?: string) {
  return {
    HEADGATE_SERVER: plane.adminUrl,
    HEADGATE_ADMIN_TOKEN: token ?? plane.adminToken,
  };
}

async function run(args: readonly string[], options: RunOptions = {}): Promise<MemoryIo> {
  const { stdin = "", token, status = 0 } = options;
  const io = memoryIo({ env: environment(token), stdin });
  expect([await runCli([...args], io), io.written.stderr]).toEqual([status, io.written.stderr]);
  return io;
}

async function ok(args: readonly string[], options: RunOptions = {}): Promise<string> {
  return (await run(args, options)).written.stdout;
}
