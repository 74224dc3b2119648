import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  type Answer,
  emptyAnswer,
  errorInside200Answer,
  htmlAnswer,
  jsonAnswer,
  oversizedAnswer,
  rateLimitedAnswer,
  serverErrorAnswer,
  untypedAnswer,
} from "./answer.ts";
import { type FakeProvider, type FakeProviderOptions, startFakeProvider } from "./fake-provider.ts";
import { temporaryFolder } from "./harness.ts";
import { fakeEmbedding, openAiAnswers } from "./openai-answers.ts";

const letters = "abcdefghij";

describe("an answer of the fake provider", () => {
  it.each<{ name: string; answer: Answer; status: number; type: string | null; body: RegExp }>([
    {
      name: "JSON",
      answer: jsonAnswer({ a: 1 }),
      status: 200,
      type: "application/json",
      body: /^{"a":1}$/,
    },
    {
      name: "HTML",
      answer: htmlAnswer(),
      status: 502,
      type: "text/html; charset=utf-8",
      body: /^<html>/,
    },
    { name: "nothing", answer: emptyAnswer(), status: 200, type: "application/json", body: /^$/ },
    {
      name: "an error in a 200",
      answer: errorInside200Answer(),
      status: 200,
      type: "application/json",
      body: /^{"error"/,
    },
    {
      name: "a server error",
      answer: serverErrorAnswer(503),
      status: 503,
      type: "application/json",
      body: /server_error/,
    },
    {
      name: "no content type",
      answer: untypedAnswer(jsonAnswer({})),
      status: 200,
      type: null,
      body: /^{}$/,
    },
    {
      name: "too much",
      answer: oversizedAnswer(100_000),
      status: 200,
      type: "application/json",
      body: /x{100000}/,
    },
    {
      name: "in splits",
      answer: { body: letters, splitEvery: 3 },
      status: 200,
      type: null,
      body: /^abcdefghij$/,
    },
    {
      name: "in drips",
      answer: { body: ["ab", "cd"], dripMs: 1 },
      status: 200,
      type: null,
      body: /^abcd$/,
    },
    {
      name: "late",
      answer: { body: letters, delayMs: 5 },
      status: 200,
      type: null,
      body: /^abcdefghij$/,
    },
    {
      name: "with a slow head",
      answer: { headDripMs: 1, headers: { a: "1" }, body: letters },
      status: 200,
      type: null,
      body: /^abcdefghij$/,
    },
    {
      name: "cleanly too early",
      answer: { body: letters, closeAfter: 4 },
      status: 200,
      type: null,
      body: /^abcd$/,
    },
  ])("is $name", async ({ answer, status, type, body }) => {
    const provider = await start();
    provider.script(answer);
    const response = await fetch(provider.baseUrl);
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe(type);
    expect(await response.text()).toMatch(body);
  });

  it.each<{ name: string; answer: Answer; sent: string }>([
    { name: "within the body", answer: { body: letters, cutAfter: 4 }, sent: "abcd" },
    {
      name: "between pieces",
      answer: { body: ["abc", "def", "ghi"], cutAfter: 6 },
      sent: "abcdef",
    },
    { name: "after the head", answer: { body: letters, cutAfter: 0 }, sent: "" },
  ])("is cut $name", async ({ answer, sent }) => {
    const provider = await start();
    provider.script(answer);
    const response = await fetch(provider.baseUrl);
    const { text, failed } = await readUntilFailure(response);
    expect({ text, failed }).toEqual({ text: sent, failed: true });
  });

  it("is refused without a byte", async () => {
    const provider = await start();
    provider.script({ refuse: true });
    await expect(fetch(provider.baseUrl)).rejects.toThrow("fetch failed");
  });

  it("arrives in as many reads as it has splits", async () => {
    const provider = await start();
    provider.script({ body: [letters], splitEvery: 2, dripMs: 5 });
    expect(await rawReads(provider, /0\r\n\r\n$/)).toEqual(["ab", "cd", "ef", "gh", "ij"]);
  });
});

describe("FakeProvider", () => {
  it("keeps what it was asked, and answers by script before behaviour", async () => {
    const provider = await start({ behaviour: jsonAnswer("default") });
    provider.script(rateLimitedAnswer(1), (request) => jsonAnswer(request.json()));
    const post = () => fetch(`${provider.baseUrl}/x?y=1`, { method: "POST", body: '{"z":2}' });
    const answers = [await post(), await post(), await post()];
    expect(answers.map((answer) => answer.status)).toEqual([429, 200, 200]);
    expect(answers[0]?.headers.get("retry-after")).toBe("1");
    expect(await answers[1]?.json()).toEqual({ z: 2 });
    expect(await answers[2]?.json()).toBe("default");
    const [request] = await provider.waitFor(3);
    expect(request).toMatchObject({ method: "POST", path: "/v1/x?y=1", closedAtMs: undefined });
    expect(request?.body.toString()).toBe('{"z":2}');
  });

  it("fails so many times, then succeeds", async () => {
    const provider = await start();
    provider.failTimes(2, serverErrorAnswer());
    const statuses: number[] = [];
    for (let n = 0; n < 3; n++) statuses.push((await fetch(`${provider.baseUrl}/models`)).status);
    expect(statuses).toEqual([500, 500, 200]);
  });

  it("holds an answer until it is released", async () => {
    const provider = await start();
    provider.script({ ...jsonAnswer("held"), hold: true });
    const answered = fetch(provider.baseUrl);
    await provider.waitFor(1);
    expect(provider.activeAnswers).toBe(1);
    provider.release();
    expect(await (await answered).json()).toBe("held");
    await provider.waitForIdle();
  });

  it.each<{ name: string; answer: Answer }>([
    { name: "a held answer", answer: { hold: true } },
    { name: "a delayed answer", answer: { delayMs: 60_000 } },
    { name: "a dripping answer", answer: { body: ["a", "b"], dripMs: 60_000 } },
  ])("knows when the caller of $name went away, and lets go of it", async ({ answer }) => {
    const provider = await start();
    provider.script(answer);
    const caller = httpRequest(provider.baseUrl).on("error", () => {});
    caller.end();
    const [request] = await provider.waitFor(1);
    if (request === undefined) throw new Error("no request");
    caller.destroy();
    expect(await provider.waitForClose(request)).toBeGreaterThanOrEqual(request.arrivedAtMs);
    await provider.waitForSockets(0);
    expect([provider.openSockets, provider.activeAnswers]).toEqual([0, 0]);
  });

  it("says what it waited for", async () => {
    const provider = await start();
    await expect(provider.waitFor(2, 10)).rejects.toThrow(
      "waited 10 ms for request 2 at the fake provider; it has 0",
    );
  });

  it("listens on a Unix socket", async () => {
    const folder = temporaryFolder();
    onTestFinished(() => folder[Symbol.dispose]());
    const socketPath = join(folder.path, "provider.sock");
    const provider = await start({ socketPath });
    expect(provider.origin).toBe(socketPath);
    const caller = httpRequest({ socketPath, path: "/v1/models" });
    caller.end();
    const [response] = await once(caller, "response");
    expect(response.statusCode).toBe(200);
    response.resume();
  });
});

describe("openAiAnswers", () => {
  const messages = [{ role: "user", content: "Hi" }];

  it("speaks its text in the wanted number of chunks, with usage for those who ask", async () => {
    const provider = await start({ behaviour: openAiAnswers({ text: "abcdef", chunks: 2 }) });
    const usage = { stream_options: { include_usage: true } };
    const plain = await events(provider, { model: "m", messages, stream: true });
    const asked = await events(provider, { model: "m", messages, stream: true, ...usage });
    expect(plain.map(contentOf)).toEqual(["", "abc", "def", undefined, "[DONE]"]);
    expect(asked).toHaveLength(plain.length + 1);
    expect(asked.at(-2)).toMatchObject({ choices: [], usage: { completion_tokens: 2 } });
  });

  it("pads chunks to the wanted size", async () => {
    const provider = await start({ behaviour: openAiAnswers({ chunks: 5, chunkBytes: 7 }) });
    const chunks = await events(provider, { model: "m", messages, stream: true });
    expect(chunks.filter((chunk) => contentOf(chunk) === "xxxxxxx")).toHaveLength(5);
  });

  it("calls the first tool until it is given the result", async () => {
    const provider = await start({ behaviour: openAiAnswers({ toolArguments: { city: "Oslo" } }) });
    const tools = [{ type: "function", function: { name: "weather", parameters: {} } }];
    const first = await post(provider, "chat/completions", { model: "m", messages, tools });
    const call = { type: "function", function: { name: "weather", arguments: '{"city":"Oslo"}' } };
    expect(first).toMatchObject({
      choices: [{ finish_reason: "tool_calls", message: { tool_calls: [call] } }],
    });
    const result = [...messages, { role: "tool", content: "rain" }];
    const second = await post(provider, "chat/completions", {
      model: "m",
      messages: result,
      tools,
    });
    expect(second).toMatchObject({ choices: [{ finish_reason: "stop" }] });
  });

  it("embeds in floats, or in base64 on request, the same numbers", async () => {
    const provider = await start();
    const input = ["one", "three"];
    const floats = await post(provider, "embeddings", { model: "m", input });
    const coded = await post(provider, "embeddings", {
      model: "m",
      input,
      encoding_format: "base64",
    });
    expect(floats).toMatchObject({
      data: input.map((text) => ({ embedding: fakeEmbedding(text) })),
    });
    const bytes = Buffer.from(
      (coded as { data: { embedding: string }[] }).data[1]?.embedding ?? "",
      "base64",
    );
    expect(bytes.readFloatLE(4)).toBe(fakeEmbedding("three")[1]);
  });
});

async function start(options?: FakeProviderOptions): Promise<FakeProvider> {
  const provider = await startFakeProvider(options);
  onTestFinished(() => provider.stop());
  return provider;
}

async function post(provider: FakeProvider, path: string, body: unknown): Promise<unknown> {
  const init = { method: "POST", body: JSON.stringify(body) };
  return await (await fetch(`${provider.baseUrl}/${path}`, init)).json();
}

async function events(provider: FakeProvider, body: unknown): Promise<readonly unknown[]> {
  const init = { method: "POST", body: JSON.stringify(body) };
  const text = await (await fetch(`${provider.baseUrl}/chat/completions`, init)).text();
  const data = text.split("\n\n").filter((event) => event !== "");
  return data.map((event) => {
    const value = event.replace("data: ", "");
    return value === "[DONE]" ? value : JSON.parse(value);
  });
}

function contentOf(chunk: unknown): string | undefined {
  if (typeof chunk === "string") return chunk;
  return (chunk as { choices: { delta: { content?: string } }[] }).choices[0]?.delta.content;
}

async function readUntilFailure(response: Response): Promise<{ text: string; failed: boolean }> {
  let text = "";
  try {
    for await (const piece of response.body ?? []) text += Buffer.from(piece).toString();
    return { text, failed: false };
  } catch {
    return { text, failed: true };
  }
}

/** The letters in each read from a raw socket; two chunks in one read count as the first alone. */
async function rawReads(provider: FakeProvider, end: RegExp): Promise<readonly string[]> {
  const socket = connect(Number(new URL(provider.origin).port), "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  const reads: string[] = [];
  for await (const data of socket.setEncoding("utf8")) {
    reads.push(data);
    if (end.test(data)) break;
  }
  return reads.flatMap((read) => read.match(/(?<=^|\r\n)[a-j]+(?=\r\n)/)?.[0] ?? []);
}
