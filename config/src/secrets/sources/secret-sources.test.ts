import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@headgate/core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { SecretError, type SecretReference } from "./secret-source.ts";
import { createSecretSources, type SecretSourcesOptions } from "./secret-sources.ts";

const secret = "sk-MARK-0123456789abcdef";

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "headgate-sources-"));
});
afterEach(() => rm(directory, { recursive: true }));

describe("an env source", () => {
  it("gives a variable, less the space around it", async () => {
    expect(await read({ env: "KEY" }, { env: { KEY: ` ${secret}\n` } })).toBe(secret);
  });

  it.each([
    { name: "is not set", env: {}, says: "environment variable KEY is not set" },
    { name: "is empty", env: { KEY: " " }, says: "environment variable KEY gave nothing" },
    { name: "is too long", env: { KEY: secret.repeat(400) }, says: "at most 8192 characters" },
    { name: "is every object's", env: {}, key: "toString", says: "toString is not set" },
  ])("says so when it $name", async ({ env, key = "KEY", says }) => {
    await refuses({ env: key }, says, { env });
  });
});

describe("a file source", () => {
  it("reads from beside the YAML file, or by a path of its own", async () => {
    await writeFile(join(directory, "key"), `${secret}\n`);
    expect(await read({ file: "key" })).toBe(secret);
    expect(await read({ file: join(directory, "key") })).toBe(secret);
  });

  it.each([
    { name: "that is not there", file: "none", says: "none: there is no such file" },
    { name: "that is a directory", file: ".", says: "it is a directory" },
    { name: "that is empty", file: "empty", says: "empty gave nothing" },
    { name: "that is not text", file: "binary", says: "binary gave bytes that are not text" },
    { name: "that is too long", file: "long", says: "long gave too much for a secret" },
    { name: "without an end", file: "/dev/zero", says: "/dev/zero gave too much for a secret" },
  ])("says what is wrong with a file $name", async ({ file, says }) => {
    await writeFile(join(directory, "empty"), "\n");
    await writeFile(join(directory, "binary"), Uint8Array.of(0x73, 0xff, 0xfe));
    await writeFile(join(directory, "long"), secret.repeat(10_000));
    await refuses({ file }, says);
  });

  it("gives up on a pipe that nobody writes to", async () => {
    await read({ command: ["mkfifo", "pipe"] }).catch(() => {});
    const reading = refuses({ file: "pipe" }, "no answer within 0.1 s", { timeoutMs: 100 });
    await reading;
    // So that the reader in the thread pool ends.
    await read({ command: node("require('fs').writeFileSync('pipe', 'x')") }).catch(() => {});
  });
});

describe("a command source", () => {
  it("gives what the program prints, less the last line break", async () => {
    expect(await read({ command: node(`console.log('${secret}')`) })).toBe(secret);
  });

  it("runs without a shell: arguments are what they are", async () => {
    const odd = "$HOME `id` $(id) ; echo && | > x * 'a' \"b\" \\";
    const command = [...node("console.log(process.argv[1])"), odd];
    expect(await read({ command })).toBe(odd);
  });

  it("runs beside the YAML file, with the environment less our own secrets, and nothing to read", async () => {
    const script = `
      process.stdin.on("end", () => console.log(JSON.stringify([process.cwd(), process.env])));
      process.stdin.resume();`;
    const given = { GIVEN: "1", HEADGATE_MASTER_KEY: "m", HEADGATE_ADMIN_TOKEN: "t" };
    const [cwd, env] = JSON.parse(await read({ command: node(script) }, { env: given }));
    expect(cwd).toBe(directory);
    expect(env).toMatchObject({ GIVEN: "1" });
    expect(Object.keys(env).filter((name) => name.startsWith("HEADGATE"))).toEqual([]);
  });

  it.each([
    { name: "fails", script: "process.exit(3)", says: "failed with exit status 3" },
    {
      name: "fails and says why",
      script: "console.error('permission denied\\non secret/openai'); process.exit(2)",
      says: "failed with exit status 2: permission denied on secret/openai",
    },
    { name: "prints nothing", script: "", says: "gave nothing" },
    {
      name: "prints too much for a secret",
      script: `console.log('${secret}'.repeat(400))`,
      says: "gave too much for a secret: at most 8192 characters",
    },
    {
      name: "prints without end",
      script: `for (;;) require("fs").writeSync(1, '${secret}'.repeat(1000))`,
      says: "printed more than 65536 bytes, and was ended",
    },
    {
      name: "complains without end",
      script: `for (;;) require("fs").writeSync(2, '${secret}'.repeat(1000))`,
      says: "printed more than 65536 bytes, and was ended",
    },
    {
      name: "prints no text",
      script: "process.stdout.write(Buffer.from([0x73, 0xff]))",
      says: "gave bytes that are not text",
    },
    {
      name: "is killed",
      script: "process.kill(process.pid, 'SIGTERM')",
      says: "was ended by SIGTERM",
    },
  ])("says so when the program $name", async ({ script, says }) => {
    await refuses({ command: node(script) }, says);
  });

  it.each([
    { name: "printed", script: `console.log('${secret}'); console.error('${secret}')` },
    {
      name: "printed in part",
      script: `console.log('pass ${secret}'); console.error('bad ${secret}')`,
    },
    { name: "only said in its complaint", script: `console.error('key: "${secret}"')` },
    { name: "short, and printed", script: "console.log('hunter2'); console.error('hunter2')" },
    {
      name: "given to it",
      script: "console.error('unknown: ' + process.argv[1])",
      more: ["hunter2"],
    },
    { name: "in its name", script: undefined, more: [] },
  ])("shows no secret that the program has $name", async ({ script, more = [] }) => {
    const command =
      script === undefined ? [secret] : [...node(`${script}; process.exit(1)`), ...more];
    const error = await read({ command }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SecretError);
    expect(String(error)).not.toMatch(/MARK|0123456789|hunter2/);
  });

  it("shows what the program says of the names it was given", async () => {
    const command = [
      ...node("console.error('no secret at ' + process.argv[1]); process.exit(2)"),
      "secret/openai",
    ];
    await refuses({ command }, "failed with exit status 2: no secret at secret/openai");
  });

  it("ends a program that does not end in time", async () => {
    await refuses({ command: node(forever) }, "did not end in time, and was ended", {
      timeoutMs: 100,
    });
  });

  it("ends one that will not listen", async () => {
    const script = `process.on("SIGTERM", () => {}); console.log('${secret}'); ${tellPid} ${forever}`;
    await stopOnceStarted(script);
    expect(await read({ command: node(goneScript) })).toBe("gone");
  });

  it("does not wait for what the program left behind", async () => {
    const script = `
      const { spawn } = require("child_process");
      const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 20000)"], { stdio: "inherit" });
      child.on("spawn", () => require("fs").writeFileSync("pid", String(child.pid)));
      ${forever}`;
    await stopOnceStarted(script);
    process.kill(Number(await readFile(join(directory, "pid"), "utf8")), "SIGKILL");
  });

  const forever = "setInterval(() => {}, 1000);";
  const tellPid = 'require("fs").writeFileSync("pid", String(process.pid));';

  /** Runs a script that says in a file `pid` that it is there, and stops it then. */
  async function stopOnceStarted(script: string): Promise<void> {
    const stop = new AbortController();
    const ended = refuses({ command: node(script) }, "did not end in time, and was ended", {
      signal: stop.signal,
      timeoutMs: 60_000,
    });
    const started = () => readFile(join(directory, "pid"), "utf8").catch(() => "");
    while ((await started()) === "") await systemClock.sleep(10);
    stop.abort();
    await ended;
  }

  it.each([
    { name: "a program that is not there", program: "no-such-program", says: "cannot be found" },
    { name: "a path that is not there", program: "./none", says: "cannot be found" },
    { name: "a file that is no program", program: "./plain", says: "may not be run" },
  ])("says what is wrong with $name", async ({ program, says }) => {
    await writeFile(join(directory, "plain"), "text");
    await refuses({ command: [program, "argument"] }, `the command ${program} ${says}`);
  });

  it("takes a program by its path from the YAML file", async () => {
    await writeFile(join(directory, "get"), `#!/bin/sh\necho "${secret}"\n`, { mode: 0o755 });
    expect(await read({ command: ["./get"] })).toBe(secret);
  });
});

/** Whether the process whose id is in the file `pid` goes away; a killed one may take a moment. */
const goneScript = `
  const pid = Number(require("fs").readFileSync("pid", "utf8"));
  const timer = setInterval(() => {
    try { process.kill(pid, 0); } catch { console.log("gone"); clearInterval(timer); }
  }, 10);`;

describe("an http source", () => {
  let server: Server;
  let origin = "";
  let listener: RequestListener;
  const requests: { readonly url: string; readonly headers: object }[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      requests.push({ url: request.url ?? "", headers: request.headers });
      listener(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it("gives the answer, with the headers that it asks with", async () => {
    answerWith(`${secret}\n`);
    const headers = { "x-vault-token": "t-1", "X-Space": "a b" };
    expect(await readHttp({ headers })).toBe(secret);
    expect(requests.at(-1)).toMatchObject({
      url: "/secret?version=1",
      headers: { "x-vault-token": "t-1", "x-space": "a b" },
    });
  });

  const vault = JSON.stringify({
    data: { data: { key: secret, "tls.key": "dotted", account: { type: "x" }, n: 1, none: null } },
    list: ["first", secret],
  });
  it.each([
    { field: "data.data.key", gives: secret },
    { field: "/data/data/key", gives: secret },
    { field: "/data/data/tls.key", gives: "dotted" },
    { field: "list.1", gives: secret },
    { field: "data.data.account", gives: '{"type":"x"}' },
  ])("takes $field out of JSON", async ({ field, gives }) => {
    answerWith(vault, { "content-type": "application/json" });
    expect(await readHttp({ field })).toBe(gives);
  });

  it.each([
    { name: "nothing", field: "data.other", says: "has nothing at data.other" },
    { name: "a number", field: "data.data.n", says: "has no text at data.data.n" },
    { name: "null", field: "data.data.none", says: "has no text at data.data.none" },
    { name: "a list", field: "list", says: "has no text at list" },
    { name: "what every object has", field: "data.constructor", says: "has nothing at" },
    { name: "the length of a text", field: "data.data.key.length", says: "has nothing at" },
  ])("says so when the field is $name", async ({ field, says }) => {
    answerWith(vault, { "content-type": "application/json" });
    await refusesHttp({ field }, says);
  });

  it.each([
    {
      name: "JSON",
      type: "application/json",
      body: vault,
      says: "answered with JSON: say with field",
    },
    {
      name: "a page to log in at",
      type: "text/html; charset=utf-8",
      body: secret,
      says: "a page of HTML",
    },
    { name: "nothing", type: "text/plain", body: "", says: "gave nothing" },
    {
      name: "too much for a secret",
      type: "text/plain",
      body: secret.repeat(500),
      says: "too much",
    },
    {
      name: "too much at all",
      type: "text/plain",
      body: secret.repeat(5_000),
      says: "more than 65536 bytes",
    },
    { name: "no JSON", type: "text/plain", body: secret, field: "a", says: "is not JSON" },
  ])("refuses an answer of $name", async ({ type, body, field = "", says }) => {
    answerWith(body, { "content-type": type });
    await refusesHttp({ field }, says);
  });

  it.each([204, 206, 400, 401, 403, 404, 500, 503])(
    "refuses an answer of status %i, whatever it says",
    async (status) => {
      answerWith(status === 204 ? "" : secret, {}, status);
      await refusesHttp({}, `answered with status ${status}, not 200`);
    },
  );

  it.each([301, 302, 303, 307, 308])("goes nowhere on status %i", async (status) => {
    answerWith(secret, { location: `${origin}/elsewhere?${secret}` }, status);
    const before = requests.length;
    await refusesHttp({}, "is not followed: give the final URL");
    expect(requests.length).toBe(before + 1);
  });

  it("gives up on a server that does not answer, and on one that does not end", async () => {
    for (const begin of [false, true]) {
      listener = (_request, response) => {
        if (begin) response.write(secret);
      };
      await refusesHttp({}, "did not answer in time", { timeoutMs: 100 });
    }
  });

  it("stops reading an answer without end", async () => {
    let closed: Promise<unknown> | undefined;
    listener = (_request, response) => {
      closed = new Promise((resolve) => response.on("close", resolve));
      const timer = setInterval(() => response.write(secret.repeat(100)), 1);
      response.on("close", () => clearInterval(timer));
    };
    await refusesHttp({}, "answered with more than 65536 bytes");
    await closed;
  });

  it("says who cannot be reached, and no more of the URL", async () => {
    const closed = createServer().listen(0, "127.0.0.1");
    await once(closed, "listening");
    const address = closed.address();
    const host = `127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
    closed.close();
    await once(closed, "close");
    const url = `http://${host}/secret?token=${secret}`;
    await refusesHttp({ url }, `cannot ask ${host}: ECONNREFUSED`);
  });

  it("says so when the connection breaks", async () => {
    listener = (_request, response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write(secret, () => response.destroy());
    };
    await refusesHttp({}, /cannot ask 127\.0\.0\.1:\d+: /);
  });

  type Http = NonNullable<SecretReference["http"]>;

  function readHttp(http: Partial<Http>, more: More = {}): Promise<string> {
    const url = `${origin}/secret?version=1`;
    return read({ http: { url, headers: {}, field: "", ...http } }, more);
  }

  async function refusesHttp(http: Partial<Http>, says: string | RegExp, more: More = {}) {
    await shown(readHttp({ headers: { "x-token": secret }, ...http }, more), says);
  }

  function answerWith(body: string, headers: Record<string, string> = {}, status = 200): void {
    listener = (_request, response) => {
      response.writeHead(status, headers).end(body);
    };
  }
});

interface More extends Partial<Omit<SecretSourcesOptions, "clock">> {
  readonly signal?: AbortSignal;
}

function read(
  reference: Partial<SecretReference>,
  { signal = new AbortController().signal, env, ...options }: More = {},
): Promise<string> {
  const sources = createSecretSources({
    clock: systemClock,
    env: { PATH: process.env["PATH"], ...env },
    ...options,
  });
  const whole = { env: "", file: "", command: [], ...reference };
  return sources.read(whole, { directory, signal });
}

async function refuses(reference: Partial<SecretReference>, says: string, more: More = {}) {
  await shown(read(reference, more), says);
}

/** Fails with these words, and nothing secret among them. */
async function shown(reading: Promise<string>, says: string | RegExp): Promise<void> {
  const error = await reading.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SecretError);
  if (typeof says === "string") expect(String(error)).toContain(says);
  else expect(String(error)).toMatch(says);
  expect(String(error)).not.toContain("MARK");
}

/** This very Node, running a script. */
function node(script: string): string[] {
  return [process.execPath, "-e", script];
}
