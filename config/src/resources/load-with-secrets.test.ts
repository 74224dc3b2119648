import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@headgate/core";
import { resources } from "@headgate/proto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatProblem } from "../problem.ts";
import {
  type SecretContext,
  SecretError,
  type SecretReference,
  type SecretSource,
} from "../secrets/sources/secret-source.ts";
import { createSecretSources } from "../secrets/sources/secret-sources.ts";
import { checkResource } from "./check-resource.ts";
import { loadResourceSet } from "./load-resource-set.ts";
import { checkResourceSet, loadWithSecrets } from "./load-with-secrets.ts";
import { fromPlain } from "./plain.ts";

const secret = "sk-MARK-0123456789abcdef";

/** What a reference says, and how it is read: each says its own name, unless it is told otherwise. */
class RecordingSource implements SecretSource {
  readonly seen: SecretReference[] = [];
  readonly contexts: SecretContext[] = [];
  readonly #answers: Readonly<Record<string, string | Error>>;
  atOnce = 0;
  atOnceMost = 0;

  constructor(answers: Readonly<Record<string, string | Error>> = {}) {
    this.#answers = answers;
  }

  async read(reference: SecretReference, context: SecretContext): Promise<string> {
    this.seen.push(reference);
    this.contexts.push(context);
    this.atOnceMost = Math.max(this.atOnceMost, ++this.atOnce);
    await new Promise(setImmediate);
    this.atOnce -= 1;
    const name = reference.env || reference.file || reference.command[0] || reference.http?.url;
    const answer = this.#answers[name ?? ""] ?? `the-secret-of-${name}`;
    if (answer instanceof Error) throw answer;
    return answer;
  }
}

describe("loadWithSecrets()", () => {
  it("puts secrets where their references stand", async () => {
    const text = `
providers:
  - name: p
    type: openai
    credentials:
      - {name: a, api_key_from: {env: KEY_A}}
      - {name: b, api_key_from: {file: keys/b}}
      - {name: c, api_key_from: {command: [vault, read, \${WHERE}]}}
      - {name: d, api_key_from: {http: {url: "https://v.example.com/s", headers: {x-token: \${WHERE}, X-B: b}, field: data.key}}}
  - name: q
    type: bedrock
    aws_region: eu-west-1
    credentials:
      - name: e
        access_key_id: AKIA
        secret_access_key_from: {env: KEY_E}
        session_token_from: {env: TOKEN_E}
keys:
  - {name: k, secret_from: {command: [pass]}}
`;
    const sources = new RecordingSource({ pass: secret });
    const set = await load(text, sources, { WHERE: "here" });
    expect(set.providers.flatMap(({ credentials }) => credentials)).toMatchObject([
      { apiKey: "the-secret-of-KEY_A" },
      { apiKey: "the-secret-of-keys/b" },
      { apiKey: "the-secret-of-vault" },
      { apiKey: "the-secret-of-https://v.example.com/s" },
      { secretAccessKey: "the-secret-of-KEY_E", sessionToken: "the-secret-of-TOKEN_E" },
    ]);
    expect(set.keys[0]?.secret).toBe(secret);
    expect(sources.seen.find(({ command }) => command[0] === "vault")?.command).toEqual([
      "vault",
      "read",
      "here",
    ]);
    expect(sources.seen.find(({ http }) => http)?.http).toMatchObject({
      headers: { "x-token": "here", "X-B": "b" },
      field: "data.key",
    });
    // Where they came from is nobody's business any more.
    expect(
      JSON.stringify(set, (_, value) => (typeof value === "bigint" ? 0 : value)),
    ).not.toContain("From");
  });

  it("reads from beside the file, once for what is named alike, and at most eight at a time", async () => {
    const credentials = Array.from(
      { length: 40 },
      (_, at) => `{name: c${at}, api_key_from: {command: [get, k${at % 20}]}}`,
    );
    const sources = new RecordingSource();
    await load(`providers: [{name: p, type: openai, credentials: [${credentials}]}]`, sources);
    expect(sources.seen).toHaveLength(20);
    expect(sources.atOnceMost).toBe(8);
    expect(new Set(sources.contexts.map(({ directory }) => directory))).toEqual(new Set(["conf"]));
  });

  it("tells all problems together, each where it stands, and what follows from none", async () => {
    const text = `
providers:
  - {name: p, type: openai, credentials: [{name: a, api_key_from: {command: [a]}}, {name: b, api_key_from: {command: [b]}}]}
  - {name: v, type: vertex, project: p, location: l, credentials: [{name: c, api_key_from: {command: [c]}}]}
  - {name: w, type: bedrock, aws_region: eu-west-1, credentials: [{name: d, access_key_id: AKIA, secret_access_key_from: {command: [a]}}]}
models: [{name: m, deployments: [{provider: nobody}]}]
keys: [{name: k, secret_from: {command: [short]}}, {name: l, secret_from: {command: [a]}}]
`;
    const sources = new RecordingSource({
      a: new SecretError("the command a failed"),
      b: "has spaces in it",
      c: "{}",
      short: "short",
    });
    expect(await problems(text, sources)).toEqual([
      "conf/f.yaml:3:67 providers[0].credentials[0].api_key_from: the command a failed",
      "conf/f.yaml:3:108 providers[0].credentials[1].api_key_from: has a space, a line break or a character that no header can carry",
      expect.stringMatching(
        /^conf\/f\.yaml:4:92 providers\[1\]\.credentials\[0\]\.api_key_from: is not a service account/,
      ),
      "conf/f.yaml:5:122 providers[2].credentials[0].secret_access_key_from: the command a failed",
      expect.stringMatching(/^conf\/f\.yaml:6:\d+ models\[0\]/),
      "conf/f.yaml:7:31 keys[0].secret_from: is too short: a secret has at least 16 characters",
      "conf/f.yaml:7:75 keys[1].secret_from: the command a failed",
    ]);
  });

  it.each([
    { name: "nothing", from: "{}", says: "expected" },
    { name: "two places", from: "{env: A, file: b}", says: "give exactly one of env" },
    { name: "an empty place", from: "{env: ''}", says: "give exactly one of env" },
    { name: "an empty command", from: "{command: []}", says: "give exactly one of env" },
    { name: "a wrong word", from: "{evn: A}", says: 'unknown key "evn": known are env, file,' },
    { name: "a text", from: "KEY", says: "expected a mapping (env, file, command, http)" },
    { name: "a command in one text", from: "{command: vault kv get}", says: "expected a list" },
    { name: "a program without a name", from: "{command: ['', a]}", says: "its name is empty" },
    { name: "no name of a variable", from: "{env: A-B}", says: "takes the name of an environment" },
    { name: "no URL", from: "{http: {field: a}}", says: "http.url is not an absolute http" },
    {
      name: "another scheme",
      from: "{http: {url: 'file:///etc/passwd'}}",
      says: "http.url is not",
    },
    { name: "a URL with a password", from: "{http: {url: 'http://a:b@c/d'}}", says: "password" },
    {
      name: "an empty part of a path",
      from: "{http: {url: 'http://c/d', field: a..b}}",
      says: "no path",
    },
    {
      name: "a header of two lines",
      from: `{http: {url: 'http://c/d', headers: {a: "b\\nc"}}}`,
      says: "a value with a character",
    },
    {
      name: "a header's odd name",
      from: "{http: {url: 'http://c/d', headers: {'a b': c}}}",
      says: "a name that no header",
    },
    {
      name: "headers in a list",
      from: "{http: {url: 'http://c/d', headers: [a]}}",
      says: "expected a mapping of texts",
    },
    {
      name: "a header that is a list",
      from: "{http: {url: 'http://c/d', headers: {a: [b]}}}",
      says: "expected a text",
    },
  ])("refuses a reference to $name, and asks nobody", async ({ from, says }) => {
    const sources = new RecordingSource();
    const text = (holder: string) =>
      holder === "key"
        ? `keys: [{name: k, secret_from: ${from}}]`
        : `providers: [{name: p, type: openai, credentials: [{name: a, api_key_from: ${from}}]}]`;
    for (const holder of ["credential", "key"]) {
      const found = await problems(text(holder), sources);
      expect(found).toHaveLength(1);
      if (says !== "expected") expect(found[0]).toContain(says);
      expect(found[0]).toMatch(/^conf\/f\.yaml:1:\d+ (providers|keys)\[0\].*_from/);
    }
    expect(sources.seen).toEqual([]);
  });

  it.each([
    { fields: "api_key: a, api_key_from: {env: A}", says: "give either api_key or api_key_from" },
    {
      fields: "api_key_file: key, api_key_from: {env: A}",
      says: "give either api_key_file or api_key_from",
    },
  ])("refuses $fields", async ({ fields, says }) => {
    const text = `providers: [{name: p, type: openai, credentials: [{name: a, ${fields}}]}]`;
    const found = await problems(text, new RecordingSource());
    expect(found).toEqual([expect.stringContaining(says)]);
  });

  it("refuses a key's second secret", async () => {
    const hash = `hmac-sha256:${"0".repeat(64)}`;
    for (const other of [`secret: ${secret}`, `secret_hash: "${hash}"`]) {
      const text = `keys: [{name: k, ${other}, secret_from: {env: A}}]`;
      const found = await problems(text, new RecordingSource());
      expect(found).toEqual([expect.stringContaining(`give either ${other.split(":")[0]} or`)]);
    }
  });

  it("shows nothing of what references hold, nor of an error it does not know", async () => {
    const texts = [
      `{http: {url: "http://c/d?${secret}", headers: {x: "${secret}\u0001"}}}`,
      `{http: {url: "ftp://${secret}"}}`,
      `{http: {url: "http://c/d", headers: {x: [${secret}]}}}`,
      `{command: ["${secret}\\0"]}`,
      `{command: {${secret}: 1}}`,
      `{env: "${secret}"}`,
      `{${secret}: 1}`,
      "{command: [fails]}",
    ];
    const sources = new RecordingSource({ fails: new TypeError(`bad ${secret}`) });
    for (const from of texts) {
      for (const variable of [false, true]) {
        const text = `keys: [{name: k, secret_from: ${variable ? from.replaceAll(secret, `\${S}`) : from}}]`;
        const found = await problems(text, sources, { S: secret });
        expect(found.length).toBeGreaterThan(0);
        expect(found.join("\n")).not.toContain("MARK");
      }
    }
  });

  it("leaves out what has no secret beside what has one from a source", async () => {
    const text = `providers: [{name: p, type: openai, credentials: [{name: a, api_key: "\${NONE:-}"}, {name: b, api_key_from: {env: B}}]}]`;
    const set = await load(text, new RecordingSource());
    expect(set.providers[0]?.credentials.map(({ name }) => name)).toEqual(["b"]);
  });

  it("asks nobody any more when told to stop", async () => {
    const sources = new RecordingSource();
    const stop = new AbortController();
    stop.abort();
    const text = "keys: [{name: k, secret_from: {env: A}}]";
    const result = await loadWithSecrets({ text, env: {}, readFile, sources, signal: stop.signal });
    expect(result).toMatchObject({
      ok: false,
      problems: [{ message: "was not read: stopped before" }],
    });
    expect(sources.seen).toEqual([]);
  });

  it("has a bound on how many there are", async () => {
    const keys = Array.from(
      { length: 1_001 },
      (_, at) => `{name: k${at}, secret_from: {env: "K${at}"}}`,
    );
    const found = await problems(`keys: [${keys}]`, new RecordingSource());
    expect(found).toEqual([
      expect.stringMatching(
        /keys\[1000\]\.secret_from: is one secret source too many: at most 1000$/,
      ),
    ]);
  });
});

describe("loadResourceSet()", () => {
  it("reads no source, and says so where one stands", () => {
    const text = "keys: [{name: k, secret_from: {env: A}}]";
    const result = loadResourceSet({ text, env: { A: secret }, readFile });
    expect(result.ok ? [] : result.problems.map(formatProblem)).toEqual([
      "1:31 keys[0].secret_from: secret sources are not read here: give the secret itself",
    ]);
  });
});

describe("checkResourceSet()", () => {
  let directory = "";
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "headgate-check-"));
    writeFileSync(join(directory, "key"), secret);
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it("reads variables and files, but runs nothing and fetches nothing", async () => {
    const sources = new RecordingSource({ B: new SecretError("is not set") });
    const result = await check(
      `
providers:
  - {name: p, type: openai, credentials: [{name: a, api_key_from: {command: [a]}}, {name: b, api_key_from: {env: B}}]}
  - {name: v, type: vertex, project: p, location: l, credentials: [{name: c, api_key_from: {http: {url: "http://a/b"}}}]}
  - {name: w, type: bedrock, aws_region: eu-west-1, credentials: [{name: d, access_key_id: AKIA, secret_access_key_from: {command: [a]}, session_token_from: {command: [b]}}]}
keys: [{name: k, secret_from: {command: [a]}}, {name: l, secret_from: {command: [a]}}, {name: m, secret_from: {file: m}}]
`,
      sources,
    );
    expect(result.problems.map(formatProblem)).toEqual([
      expect.stringMatching(/^conf\/f\.yaml:3:\d+ providers\[0\].*api_key_from: is not set$/),
      expect.stringMatching(/keys\[2\]\.secret_from: is too short/),
    ]);
    expect(sources.seen.map(({ env, file }) => env || file)).toEqual(["B", "m"]);
  });

  it("finds good what may be good, and says what it has not read", async () => {
    const sources = createSecretSources({ env: { B: secret }, clock: systemClock });
    const text = `keys: [{name: k, secret_from: {command: [no-such-program]}}, {name: l, secret_from: {env: B}}, {name: m, secret_from: {command: [no-such-program]}}]`;
    const result = await checkResourceSet({ text, env: {}, readFile, sources });
    expect(result.problems).toEqual([]);
    expect(result.unread.map(({ path }) => path)).toEqual([
      ["keys", 0, "secret_from"],
      ["keys", 2, "secret_from"],
    ]);
  });

  function check(text: string, sources: SecretSource) {
    return checkResourceSet({ text, file: "conf/f.yaml", env: {}, readFile, sources });
  }
});

describe("checkResource()", () => {
  const credential = (more: object) => ({
    name: "p",
    type: "bedrock",
    aws_region: "eu-west-1",
    credentials: [{ name: "a", ...more }],
  });
  it.each([
    { field: "api_key_from", kind: "provider", plain: credential({ api_key_from: { env: "A" } }) },
    {
      field: "secret_access_key_from",
      kind: "provider",
      plain: credential({ access_key_id: "A", secret_access_key: "b", secret_access_key_from: {} }),
    },
    {
      field: "session_token_from",
      kind: "provider",
      plain: credential({ session_token_from: { http: { url: "http://169.254.169.254/" } } }),
    },
    {
      field: "secret_from",
      kind: "key",
      plain: { name: "k", secret, secret_from: { command: ["id"] } },
    },
  ] as const)(
    "refuses $field from a caller: servers read nothing for them",
    ({ field, kind, plain }) => {
      const schema = kind === "key" ? resources.KeySchema : resources.ProviderSchema;
      const read = fromPlain<typeof resources.KeySchema | typeof resources.ProviderSchema>(
        schema,
        plain,
      );
      if (!read.ok) throw new Error(read.problems.map(formatProblem).join("\n"));
      // As in the table: kind and message go together.
      const found = checkResource(kind, read.message as never);
      expect(found).toEqual([
        {
          path: expect.stringMatching(new RegExp(`${field}$`)),
          message: expect.stringContaining("a source is read by whoever loads the YAML"),
        },
      ]);
    },
  );
});

async function load(text: string, sources: SecretSource, env: Record<string, string> = {}) {
  const result = await loadWithSecrets({ text, file: "conf/f.yaml", env, readFile, sources });
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join("\n"));
  return result.resources;
}

async function problems(text: string, sources: SecretSource, env: Record<string, string> = {}) {
  const result = await loadWithSecrets({ text, file: "conf/f.yaml", env, readFile, sources });
  return result.ok ? [] : result.problems.map(formatProblem);
}

function readFile(path: string): string {
  if (path.endsWith("key")) return secret;
  throw new Error("no such file");
}
