import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { join } from "node:path";
import { resources } from "@headgate/proto";
import { createAdminClient } from "@headgate/sdk";
import {
  type FakeProvider,
  type RunningUp,
  runHeadgate,
  startFakeProvider,
  startUp,
  temporaryFolder,
} from "@headgate/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chatStatus } from "./chat.ts";
import { eventually } from "./eventually.ts";

/** One string for each secret, which may be nowhere but where it belongs. */
const marks = {
  byCommand: "sk-MARK1BYCOMMAND-0123456789abcdef",
  byHttp: "sk-MARK2BYHTTP-0123456789abcdef",
  byEnv: "sk-MARK3BYENV-0123456789abcdef",
  byApi: "sk-MARK4BYAPI-0123456789abcdef",
  clientKey: "sk-MARK5CLIENTKEY-0123456789abcdef",
  vaultToken: "hvs.MARK6VAULTTOKEN-0123456789abcdef",
  renewed: "sk-MARK7RENEWED-0123456789abcdef",
  adminToken: "MARK8ADMINTOKEN-0123456789abcdef",
} as const;

describe("secrets of a file that are kept elsewhere", () => {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(temporaryFolder()).path;
  const vault = join(folder, "vault-of-commands");
  const dataFolder = join(folder, ".headgate");
  const outputs: Record<string, string> = {};
  let provider: FakeProvider;
  let secretServer: SecretServer;
  let up: RunningUp;

  beforeAll(async () => {
    provider = stack.use(await startFakeProvider());
    secretServer = stack.use(await startSecretServer());
    writeFileSync(vault, `${marks.byCommand}\n`);
    writeFileSync(join(folder, "client-key"), marks.clientKey);
    up = await start();
  }, 60_000);
  afterAll(async () => {
    await up?.[Symbol.asyncDispose]();
    await stack.disposeAsync();
  });

  it("come from a command, a secret server, the environment and a file", async () => {
    expect(await keyUsedFor("by-command")).toBe(marks.byCommand);
    expect(await keyUsedFor("by-http")).toBe(marks.byHttp);
    expect(await keyUsedFor("by-env")).toBe(marks.byEnv);
    expect(secretServer.requests).toHaveLength(1);
    expect(secretServer.requests[0]?.headers["x-vault-token"]).toBe(marks.vaultToken);
  });

  it("are read anew when the file is edited, and then only", async () => {
    writeFileSync(vault, `${marks.renewed}\n`);
    expect(await keyUsedFor("by-command")).toBe(marks.byCommand);
    writeFileSync(up.configFile, `${yaml()}\n# rotated\n`);
    await eventually(async () => expect(await keyUsedFor("by-command")).toBe(marks.renewed));
  });

  it("leave in force what was, when they cannot be read", async () => {
    const refused = `{http: {url: "${secretServer.url}", headers: {x-wrong: "${marks.vaultToken}"}}}`;
    const edits = [...badSources().map(({ from }) => from), refused].map((from) => yaml(from));
    for (const text of edits) {
      const before = rejections();
      writeFileSync(up.configFile, text);
      await eventually(async () => expect(rejections(), text).toBe(before + 1));
      expect(await keyUsedFor("by-command")).toBe(marks.renewed);
    }
    expect(up.process.logs.tail()).toContain("answered with status 403, not 200");
    writeFileSync(up.configFile, yaml());
    await eventually(async () => expect(applied()).toBeGreaterThanOrEqual(2));
  });

  it.each(badSources())(
    "are told of by apply, with the place, when $name",
    async ({ from, says }) => {
      const file = join(folder, "bad.yaml");
      writeFileSync(file, yaml(from));
      outputs[`apply ${from}`] = await command("apply", "-f", file);
      expect(outputs[`apply ${from}`]).toContain(`${file}:3:`);
      expect(outputs[`apply ${from}`]).toContain("providers[0].credentials[0].api_key_from: ");
      expect(outputs[`apply ${from}`]).toMatch(says);
      expect(outputs[`apply ${from}`]).toContain("1 problem in");
    },
  );

  it("are not read by validate, unless they are here", async () => {
    const file = join(folder, "touching.yaml");
    const touched = join(folder, "touched");
    writeFileSync(file, yaml(`{command: [touch, "${touched}"]}`));
    const before = secretServer.requests.length;
    outputs["validate"] = await command("validate", "-f", file);
    expect(outputs["validate"]).toContain("2 secrets are not read");
    expect(outputs["validate"]).toContain(": good (resources)");
    expect(readdirSync(folder)).not.toContain("touched");
    expect(secretServer.requests.length).toBe(before);
  });

  it("are nothing that a caller may ask the server to read", async () => {
    const before = secretServer.requests.length;
    const client = createAdminClient({ server: up.adminUrl, token: marks.adminToken });
    const create = (more: object) =>
      client.createProvider({
        provider: {
          name: "asks",
          type: resources.ProviderType.OPENAI_COMPATIBLE,
          baseUrl: provider.baseUrl,
          credentials: [{ name: "asks-a", ...more }],
        },
      });
    const http = { url: secretServer.url, headers: { "x-vault-token": marks.vaultToken } };
    for (const apiKeyFrom of [{ http }, { command: ["touch", join(folder, "touched")] }]) {
      await expect(create({ apiKeyFrom })).rejects.toThrow(/api_key_from: a source is read by/);
    }
    const key = { name: "asks", secretFrom: { file: "/etc/passwd" } };
    await expect(client.createKey({ key })).rejects.toThrow(/secret_from: a source is read by/);
    expect(readdirSync(folder)).not.toContain("touched");
    expect(secretServer.requests.length).toBe(before);
  });

  it("are in no answer of get", async () => {
    for (const args of [
      ["get", "all", "-o", "yaml"],
      ["get", "all", "-o", "json"],
      ["get", "provider", "by-http", "-o", "yaml"],
    ]) {
      const output = await command(...args);
      expect(output).toContain("by-http");
      expect(output).not.toContain("_from");
      outputs[args.join(" ")] = output;
    }
  });

  it("outlive the key that seals them: rotated, sealed anew, and the old key thrown away", async () => {
    const client = createAdminClient({ server: up.adminUrl, token: marks.adminToken });
    const { name } = await client.createProvider({
      provider: {
        name: "by-api",
        type: resources.ProviderType.OPENAI_COMPATIBLE,
        baseUrl: provider.baseUrl,
        credentials: [{ name: "by-api-a", apiKey: marks.byApi }],
      },
    });
    await client.createModel({ model: { name, deployments: [{ provider: name }] } });
    await eventually(async () => expect(await keyUsedFor("by-api")).toBe(marks.byApi));

    await stop("before the rotation");
    const [current, old] = ["master.key", "master.key.old-1"].map((key) => join(dataFolder, key));
    if (!current || !old) throw new Error("unreachable");
    renameSync(current, old);
    up = await start();
    expect(await keyUsedFor("by-api")).toBe(marks.byApi);
    expect(readFileSync(current)).not.toEqual(readFileSync(old));

    expect(await command("secrets", "status")).not.toContain(" 0 of them");
    expect(await command("secrets", "reseal")).toMatch(/^[1-9]\d* values were sealed anew/);
    expect(await command("secrets", "status")).toMatch(/^[1-9]\d* sealed values, 0 of them/);
    expect(await keyUsedFor("by-api")).toBe(marks.byApi);

    await stop("after the rotation");
    rmSync(old);
    up = await start();
    expect(await keyUsedFor("by-api")).toBe(marks.byApi);
    expect(await keyUsedFor("by-command")).toBe(marks.renewed);
    await stop("at the end");
    up = await start();
  }, 90_000);

  it("are in no line that was printed and in no file of the data directory", () => {
    outputs["log now"] = up.process.logs.tail(Number.POSITIVE_INFINITY);
    expect(Object.keys(outputs).join()).toContain("headgate.db");
    const found = Object.entries(outputs).flatMap(([where, text]) =>
      Object.values(marks).flatMap((mark) => {
        const at = text.indexOf(mark.slice(0, 10));
        return at < 0 ? [] : [`${where}: ${text.slice(Math.max(0, at - 200), at + 80)}`];
      }),
    );
    expect(found).toEqual([]);
  });

  function start(): Promise<RunningUp> {
    return startUp({
      config: yaml(),
      folder,
      flags: ["--log-level", "trace"],
      env: environment(),
    });
  }

  function environment(): Record<string, string> {
    return {
      HEADGATE_ADMIN_TOKEN: marks.adminToken,
      UPSTREAM_KEY: marks.byEnv,
      VAULT_TOKEN: marks.vaultToken,
    };
  }

  async function stop(when: string): Promise<void> {
    await up.process.stop();
    outputs[`log ${when}`] = up.process.logs.tail(Number.POSITIVE_INFINITY);
    for (const entry of readdirSync(dataFolder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      // As Latin-1, every byte is a character, so marks are found between any others.
      const text = readFileSync(join(entry.parentPath, entry.name), "latin1");
      outputs[`${entry.name} ${when}`] = text;
    }
  }

  async function keyUsedFor(model: string): Promise<string> {
    const status = await chatStatus({ proxyUrl: up.proxyUrl, key: marks.clientKey, model });
    expect(status).toBe(200);
    return String(provider.requests.at(-1)?.headers.authorization).replace("Bearer ", "");
  }

  async function command(...args: readonly string[]): Promise<string> {
    const env = { ...environment(), HEADGATE_SERVER: up.adminUrl, HEADGATE_DEBUG: "1" };
    return (await runHeadgate(args, { folder, env })).output;
  }

  function rejections(): number {
    return up.process.logs.lines.filter(({ event }) => event === "config-rejected").length;
  }

  function applied(): number {
    return up.process.logs.lines.filter(({ event }) => event === "config-applied").length;
  }

  /** The first reference is on line 3. */
  function yaml(byCommand = `{command: [cat, "${vault}"]}`): string {
    const head = (name: string) =>
      `{name: ${name}, type: openai-compatible, base_url: "${provider.baseUrl}", credentials: [{name: ${name}-a,`;
    const http = `{url: "${secretServer.url}/v1/openai", headers: {x-vault-token: "\${VAULT_TOKEN}"}, field: data.key}`;
    return `providers:
  - ${head("by-command")}
    api_key_from: ${byCommand}}]}
  - ${head("by-http")} api_key_from: {http: ${http}}}]}
  - ${head("by-env")} api_key_from: {env: UPSTREAM_KEY}}]}
models:
  - {name: by-command, deployments: [{provider: by-command}]}
  - {name: by-http, deployments: [{provider: by-http}]}
  - {name: by-env, deployments: [{provider: by-env}]}
keys:
  - {name: client, secret_from: {file: client-key}}
`;
  }

  /** Each fails with a secret at hand. */
  function badSources(): readonly { name: string; from: string; says: RegExp }[] {
    const http = (path: string, more = "") =>
      `{http: {url: "\${VAULT_URL:-http://127.0.0.1:9}${path}", headers: {x-vault-token: "\${VAULT_TOKEN}"}${more}}}`;
    return [
      {
        name: "a command says the secret and fails",
        from: `{command: [sh, -c, "cat '${vault}'; cat '${vault}' >&2; exit 4"]}`,
        says: /the command sh failed with exit status 4: \*\*\*/,
      },
      {
        name: "a command repeats what it was given",
        from: `{command: [sh, -c, 'echo "bad token $0" >&2; exit 1', "\${VAULT_TOKEN}"]}`,
        says: /exit status 1: bad token \*\*\*/,
      },
      {
        name: "a command gives the secret with more around it",
        from: `{command: [cat, "${vault}", "${vault}"]}`,
        says: /has a space, a line break/,
      },
      {
        name: "a program is not there",
        from: `{command: [no-such-program, "\${VAULT_TOKEN}"]}`,
        says: /the command no-such-program cannot be found/,
      },
      {
        name: "a server is not there",
        from: http(`/?${marks.vaultToken}`),
        says: /cannot ask 127\.0\.0\.1:9: /,
      },
    ];
  }
});

interface SecretServer extends AsyncDisposable {
  readonly url: string;
  readonly requests: IncomingMessage[];
}

/** Answers like a vault. */
async function startSecretServer(): Promise<SecretServer> {
  const requests: IncomingMessage[] = [];
  const server: Server = createServer((request, response) => {
    requests.push(request);
    const allowed = request.headers["x-vault-token"] === marks.vaultToken;
    const answer = allowed ? { data: { key: marks.byHttp } } : { errors: ["permission denied"] };
    response.writeHead(allowed ? 200 : 403, { "content-type": "application/json" });
    response.end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
