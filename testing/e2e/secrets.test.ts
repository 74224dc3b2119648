import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { resources } from "@headgate/proto";
import { createAdminClient } from "@headgate/sdk";
import {
  type Answer,
  errorAnswer,
  type FakeProvider,
  jsonAnswer,
  openAiAnswers,
  type RunningUp,
  runHeadgate,
  startFakeProvider,
  startUp,
  temporaryFolder,
} from "@headgate/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ChatCall, chat, chatHeaders, chatStatus } from "./chat.ts";
import { eventually } from "./eventually.ts";

/** One string for each thing that may be nowhere but where it belongs. All can be searched for as they are. */
const marks = {
  providerKey: "sk-MARK1PROVIDERKEY-0123456789abcdef",
  providerKeyInFile: "sk-MARK2PROVIDERKEYFILE-0123456789abcdef",
  providerKeyByApi: "sk-MARK3PROVIDERKEYAPI-0123456789abcdef",
  clientKey: "sk-MARK4CLIENTKEY-0123456789abcdef",
  clientKeyByApi: "sk-MARK5CLIENTKEYAPI-0123456789abcdef",
  strangersKey: "sk-MARK6STRANGER-0123456789abcdef",
  adminToken: "MARK7ADMINTOKEN-0123456789abcdef",
  wrongToken: "MARK8WRONGTOKEN-0123456789abcdef",
  prompt: "MARK9PROMPT",
  answer: "MARK10ANSWER",
  providerError: "MARK11PROVIDERERROR",
  rejectedSecret: "sk-MARK12REJECTED-0123456789abcdef",
} as const;

describe.each(["info", "trace"])("secrets, prompts and answers, at log level %s", (logLevel) => {
  const stack = new AsyncDisposableStack();
  let provider: FakeProvider;
  let up: RunningUp;
  /** What `keys create` and `keys rotate` gave, each shown once. */
  const shownOnce: string[] = [];
  const commandOutputs: Record<string, string> = {};
  const pages: Record<string, string> = {};
  const files: Record<string, string> = {};

  beforeAll(async () => {
    const behaviour = openAiAnswers({ text: `${marks.answer} ${marks.answer} ${marks.answer}` });
    provider = stack.use(await startFakeProvider({ behaviour }));
    up = stack.use(await startWithSecrets());
    await succeed();
    await failInEveryWay();
    await useAdminApi();
    await runCommands();
    await editTheFileBadly();
    for (const url of [up.telemetryUrl, up.adminUrl]) pages[url] = await textOf(`${url}/metrics`);
    pages["snapshot"] = await textOf(`${up.telemetryUrl}/debug/snapshot`);
    readFiles("while running");
    await up.process.stop();
    readFiles("after the end");
  }, 60_000);
  afterAll(() => stack.disposeAsync());

  // Without these, the others would prove nothing.
  it("were where they belong", () => {
    const seen = provider.requests.map(
      ({ headers, body }) => `${headers.authorization} ${body.toString()}`,
    );
    for (const mark of [marks.providerKey, marks.providerKeyInFile, marks.providerKeyByApi]) {
      expect(seen.some((request) => request.includes(`Bearer ${mark}`))).toBe(true);
    }
    expect(seen.some((request) => request.includes(marks.prompt))).toBe(true);
    expect(shownOnce).toHaveLength(2);
    const names = Object.keys(files).join(" ");
    for (const file of ["headgate.db", "headgate.db-wal", "snapshot.sealed"]) {
      expect(names).toContain(file);
    }
    expect(Object.values(pages).join("\n")).toContain("llm_requests_total{");
    const outcomes = up.process.logs.withMessage("call").map((line) => line["outcome"]);
    expect(new Set(outcomes)).toEqual(
      new Set(["ok", "rejected", "upstream_error", "interrupted", "client_closed"]),
    );
  });

  it("are in no line the process printed", () => {
    expect(marked({ output: up.process.logs.tail(Number.POSITIVE_INFINITY) })).toEqual([]);
  });

  it("are on no page of metrics, and not in the debug view of the snapshot", () => {
    expect(marked(pages)).toEqual([]);
  });

  it("are in no command's output, but for a new key, once", () => {
    expect(marked(commandOutputs)).toEqual([]);
  });

  it("are in no file of the data directory", () => {
    expect(marked(files)).toEqual([]);
  });

  /** Which mark is where, with the text around it. */
  function marked(texts: Readonly<Record<string, string>>): readonly string[] {
    const secrets = { ...marks, ...Object.fromEntries(shownOnce.map((one) => [one, one])) };
    return Object.entries(texts).flatMap(([where, text]) =>
      Object.entries(secrets).flatMap(([name, mark]) => {
        const at = text.indexOf(mark);
        return at < 0 ? [] : [`${name} in ${where}: ${text.slice(Math.max(0, at - 200), at + 80)}`];
      }),
    );
  }

  async function startWithSecrets(): Promise<RunningUp> {
    return await startUp({
      config: yaml(provider.baseUrl),
      flags: ["--log-level", logLevel],
      env: {
        UPSTREAM_KEY: marks.providerKey,
        UPSTREAM_KEY_FILE: keyFile(),
        HEADGATE_ADMIN_TOKEN: marks.adminToken,
      },
    });
  }

  function keyFile(): string {
    const file = join(stack.use(temporaryFolder()).path, "provider-key");
    writeFileSync(file, `${marks.providerKeyInFile}\n`);
    return file;
  }

  function call(more: Partial<ChatCall> = {}): ChatCall {
    return { proxyUrl: up.proxyUrl, key: marks.clientKey, content: marks.prompt, ...more };
  }

  async function succeed(): Promise<void> {
    expect(await (await chat(call())).text()).toContain(marks.answer);
    expect(await (await chat(call({ stream: true }))).text()).toContain("[DONE]");
    expect(await chatStatus(call({ model: "by-file" }))).toBe(200);
  }

  async function failInEveryWay(): Promise<void> {
    for (const answer of providerFailures()) {
      for (const stream of [false, true]) {
        const before = provider.requests.length;
        provider.script(answer);
        await chatStatus(call({ stream }));
        expect(provider.requests.length).toBeGreaterThan(before);
      }
    }
    await abortMidStream();
    await sendBadRequests();
  }

  async function abortMidStream(): Promise<void> {
    provider.script((request) => ({
      ...openAiAnswers({ text: marks.answer })(request),
      dripMs: 60_000,
    }));
    const leave = new AbortController();
    const response = await chat(call({ stream: true, signal: leave.signal }));
    leave.abort();
    await expect(response.text()).rejects.toThrow();
  }

  async function sendBadRequests(): Promise<void> {
    expect(await chatStatus(call({ key: marks.strangersKey }))).toBe(401);
    expect(await chatStatus(call({ model: marks.prompt }))).toBe(404);
    expect(await chatStatus(call({ model: "admins-only" }))).toBe(404);
    const url = `${up.proxyUrl}/v1/chat/completions`;
    const headers = chatHeaders(call());
    const post = (body: string, at = url) => fetch(at, { method: "POST", headers, body });
    for (const body of [
      `{"model": "chat", "messages": ${marks.prompt}`,
      `"${marks.prompt}"`,
      `{"model": ["${marks.prompt}"]}`,
      `{"model": "chat", "stream": "${marks.prompt}"}`,
    ]) {
      expect((await post(body)).status).toBe(400);
    }
    await post("{}", `${up.proxyUrl}/v1/${marks.prompt}?key=${marks.clientKey}`);
    await post("{}", `${url}?api_key=${marks.clientKey}`);
    await sendGarbage(
      `POST /v1/chat/completions HTTP/1.1\r\nauthorization: ${marks.clientKey}\r\n`,
    );
    await sendGarbage(`${marks.prompt}\r\n\r\n`);
  }

  async function sendGarbage(text: string): Promise<void> {
    const socket = connect(Number(new URL(up.proxyUrl).port), "127.0.0.1");
    socket.resume().on("error", () => {});
    socket.end(`${text}content-length: 1\r\ncontent-length: 2\r\n\r\n`);
    await new Promise((resolve) => socket.once("close", resolve));
  }

  async function useAdminApi(): Promise<void> {
    const client = createAdminClient({ server: up.adminUrl, token: marks.adminToken });
    const credentials = [{ name: "by-api-a", apiKey: marks.providerKeyByApi }];
    const byApi = { name: "by-api", type: compatible, baseUrl: provider.baseUrl, credentials };
    await client.createProvider({ provider: byApi });
    await client.createModel({ model: { name: "by-api", deployments: [{ provider: "by-api" }] } });
    await client.createKey({ key: { name: "by-api", secret: marks.clientKeyByApi } });
    const ofApi = call({ key: marks.clientKeyByApi, model: "by-api" });
    await eventually(async () => expect(await chatStatus(ofApi)).toBe(200));

    // Refused, and the secret with it.
    const refused = [{ name: "refused-a", apiKey: `${marks.rejectedSecret}\n` }];
    const bad = { name: "refused", type: compatible, baseUrl: "http://x/v1", credentials: refused };
    await expect(client.createProvider({ provider: bad })).rejects.toThrow();
    const twice = { name: "twice", secret: marks.clientKeyByApi };
    await expect(client.createKey({ key: twice })).rejects.toThrow();
    const wrong = createAdminClient({ server: up.adminUrl, token: marks.wrongToken });
    await expect(wrong.listKeys({})).rejects.toThrow();
    await fetch(`${up.adminUrl}/headgate.admin.v1.AdminService/CreateKey`, {
      method: "POST",
      headers: { authorization: `Bearer ${marks.adminToken}`, "content-type": "application/json" },
      body: `{"key": {"name": "broken", "secret": ["${marks.rejectedSecret}"]`,
    });
  }

  async function runCommands(): Promise<void> {
    for (const verb of ["create", "rotate"]) {
      const output = await command("keys", verb, "shown-once");
      const secret = output.split("\n").find((line) => line.startsWith("sk-")) ?? "";
      commandOutputs[`keys ${verb}`] = output.replaceAll(secret, "");
      shownOnce.push(secret);
    }
    expect(await chatStatus(call({ key: shownOnce[0] ?? "" }))).toBe(401);
    for (const args of [
      ["get", "all"],
      ["get", "all", "-o", "yaml"],
      ["get", "all", "-o", "json"],
      ["get", "provider", "by-api", "-o", "yaml"],
      ["keys", "list", "-o", "yaml"],
      ["nodes", "-o", "json"],
      ["keys", "create", "by-api"],
      ["keys", "list", "--token", marks.wrongToken],
      ["delete", "provider", "by-env"],
    ]) {
      // The token of the command line itself is no output.
      commandOutputs[args.join(" ").replace(marks.wrongToken, "WRONG")] = await command(...args);
    }
    for (const [at, text] of badFiles().slice(0, 3).entries()) {
      const file = join(up.folder, `bad-${at}.yaml`);
      writeFileSync(file, text);
      for (const verb of ["apply", "validate"]) {
        commandOutputs[`${verb} of bad file ${at}`] = await command(verb, "-f", file);
      }
    }
  }

  async function command(...args: readonly string[]): Promise<string> {
    const env = {
      HEADGATE_SERVER: up.adminUrl,
      HEADGATE_ADMIN_TOKEN: args.includes("--token") ? "" : marks.adminToken,
      HEADGATE_DEBUG: "1",
    };
    return (await runHeadgate(args, { folder: up.folder, env })).output;
  }

  async function editTheFileBadly(): Promise<void> {
    const answers = () => up.process.logs.lines.filter(isAnswerToEdit).length;
    for (const text of badFiles()) {
      const before = answers();
      writeFileSync(up.configFile, text);
      await eventually(async () => expect(answers(), text).toBe(before + 1));
    }
  }

  function readFiles(when: string): void {
    const folder = join(up.folder, ".headgate");
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      // As Latin-1, every byte is a character, so marks are found between any others.
      const path = join(entry.parentPath, entry.name);
      files[`${entry.name} ${when}`] = readFileSync(path, "latin1");
    }
  }
});

const compatible = resources.ProviderType.OPENAI_COMPATIBLE;

/** All that a provider may do wrong, with the key it was shown, the prompt and its own words in it. */
function providerFailures(): readonly Answer[] {
  const words = `${marks.providerError} ${marks.providerKey} ${marks.prompt}`;
  const error = { message: words, type: words, code: words, param: words };
  const html = { "content-type": "text/html", "retry-after": words };
  const events = { "content-type": "text/event-stream" };
  const chunk = { choices: [{ index: 0, delta: { content: words }, finish_reason: null }] };
  return [
    ...[400, 401, 403, 404, 429, 500, 503].map((status) => errorAnswer(status, error)),
    jsonAnswer({ error: words, code: words, status: words }, { status: 418 }),
    jsonAnswer({ error }),
    jsonAnswer({ error: { ...error, code: 401 } }),
    jsonAnswer([words]),
    { status: 200, headers: html, body: `<html>${words}</html>` },
    { status: 502, headers: html, body: `<html>${words}</html>` },
    { headers: { "content-type": "application/json" }, body: `{"choices": ["${words}` },
    { headers: { "content-type": `application/json; ${words}` }, body: words },
    { headers: { "content-type": "application/json", "content-encoding": "gzip" }, body: words },
    { status: 200, headers: events, body: `data: ${words}\n\n` },
    { status: 200, headers: events, body: `data: ${JSON.stringify({ error })}\n\n` },
    { status: 200, headers: events, body: [event(chunk), event({ error })] },
    { status: 200, headers: events, body: [event(chunk), event(chunk)], cutAfter: 200 },
    { status: 200, headers: events, body: [event(chunk), `data: {"${words}`] },
    { ...errorAnswer(500, error), cutAfter: 10 },
    { refuse: true },
  ];
}

function event(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

/** Files whose mistakes are on the lines that hold the secrets. */
function badFiles(): readonly string[] {
  const secret = marks.rejectedSecret;
  const head =
    "providers:\n  - {name: p, type: openai-compatible, base_url: http://127.0.0.1:9/v1, ";
  return [
    `keys: [{name: a, secret: ${secret}, secret_hash: ${secret}}]\n`,
    `keys: [{name: a, secret: "${secret} with spaces"}]\n`,
    `keys: [{name: a, secret: {${secret}: 1}}]\n`,
    `keys: [{name: a, secret: [${secret}]}]\n`,
    `keys: [{name: a, secrets: ${secret}}]\n`,
    `keys: [{name: a, secret: ${secret}\n`,
    `keys: [{name: a, secret: "${secret}\n`,
    `keys: [{name: a, secret: ${secret}}, {name: b, secret: ${secret}}]\n`,
    ...[
      "*",
      "&",
      "!",
      "!!",
      "@",
      "|",
      ">",
      "%",
      "`",
      ", ",
      "]",
      '""',
      "\\${NONE-",
      "\\${NONE:?",
    ].map((sign) => `keys:\n  - {name: a, secret: ${sign}${secret}}\n`),
    ...["|", ">", "*", "&", "!", "!x!", "- ", "? ", "\t"].map(
      (sign) => `keys:\n  - name: a\n    secret: ${sign}${secret}\n`,
    ),
    `keys: [{name: a, secret:${secret}}]\n`,
    `keys: [{name: a, secret: x, secret:${secret}, secret:${secret}}]\n`,
    `keys:\n  - name: a\n    secret:${secret}\n`,
    `keys: [{${secret}: a}]\n${secret}: 1\n`,
    `%${secret}\n---\nkeys: []\n`,
    `teams: [{name: a, limits: ${secret}}]\n`,
    `keys:\n  - name: a\n    secret: ${secret}: ${secret}\n`,
    `${head}credentials: [{name: c, api_key: "${secret}\\n"}]}\n`,
    `${head}credentials: [{name: c, api_key: [${secret}]}]}\n`,
    `${head}credentials: [{name: c, api_key: "${secret}", weight: -1}]}\n`,
    `${head}credentials: ["${secret}"]}\n`,
    `${head.replace("http://", `http://user:${secret}@`)}credentials: [{name: c}]}\n`,
    `${head}credentials: [{name: c, api_key: "\${MISSING}${secret}"}]}\n`,
  ];
}

function yaml(baseUrl: string): string {
  const provider = (name: string, secret: string) =>
    `  - {name: ${name}, type: openai-compatible, base_url: "${baseUrl}", credentials: [{name: ${name}-a, ${secret}}]}`;
  const variable = (name: string) => `"\${${name}}"`;
  return `
providers:
${provider("by-env", `api_key: ${variable("UPSTREAM_KEY")}`)}
${provider("by-file", `api_key_file: ${variable("UPSTREAM_KEY_FILE")}`)}
models:
  - {name: chat, deployments: [{provider: by-env}]}
  - {name: by-file, deployments: [{provider: by-file}]}
keys: [{name: secrets, secret: ${marks.clientKey}}]
`;
}

function isAnswerToEdit({ event: name }: Readonly<Record<string, unknown>>): boolean {
  return name === "config-rejected" || name === "config-applied";
}

async function textOf(url: string): Promise<string> {
  return await (await fetch(url)).text();
}
