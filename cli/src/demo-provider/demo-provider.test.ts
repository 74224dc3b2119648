import { afterEach, describe, expect, it } from "vitest";
import { type DemoProvider, startDemoProvider } from "./demo-provider.ts";

const hello = { model: "demo", messages: [{ role: "user", content: "Hello!" }] };

describe("startDemoProvider()", () => {
  it("answers a chat with text that names the question, and with usage", async () => {
    const { status, body } = await post("/chat/completions", hello);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      object: "chat.completion",
      model: "demo",
      choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant" } }],
    });
    expect(body.choices[0].message.content).toContain('You said: "Hello!"');
    expect(body.usage.total_tokens).toBe(body.usage.prompt_tokens + body.usage.completion_tokens);
  });

  it("answers the same question the same way", async () => {
    const first = await post("/chat/completions", hello);
    const second = await post("/chat/completions", hello);
    expect(second.body.choices).toEqual(first.body.choices);
    expect(second.body.usage).toEqual(first.body.usage);
  });

  it("streams the words of the plain answer and ends with [DONE]", async () => {
    const plain = await post("/chat/completions", hello);
    const events = await stream("/chat/completions", { ...hello, stream: true });
    expect(events.at(-1)).toBe("[DONE]");
    const chunks = events.slice(0, -1).map((event) => JSON.parse(event));
    const text = chunks.map((chunk) => chunk.choices[0].delta.content ?? "").join("");
    expect(text).toBe(plain.body.choices[0].message.content);
    expect(chunks.at(-1).choices[0].finish_reason).toBe("stop");
    expect(chunks.some((chunk) => "usage" in chunk)).toBe(false);
  });

  it("ends a stream with usage when asked", async () => {
    const plain = await post("/chat/completions", hello);
    const options = { stream: true, stream_options: { include_usage: true } };
    const events = await stream("/chat/completions", { ...hello, ...options });
    const chunks = events.slice(0, -1).map((event) => JSON.parse(event));
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: plain.body.usage });
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
  });

  it.each([
    { name: "max_tokens", limit: { max_tokens: 3 } },
    { name: "max_completion_tokens", limit: { max_completion_tokens: 3 } },
  ])("stops at $name", async ({ limit }) => {
    const { body } = await post("/chat/completions", { ...hello, ...limit });
    expect(body.choices[0].finish_reason).toBe("length");
    expect(body.usage.completion_tokens).toBe(3);
  });

  const tools = [tool("weather"), tool("clock")];
  it.each([
    { name: "any tool is demanded", tool_choice: "required", calls: "weather" },
    {
      name: "one tool is demanded",
      tool_choice: { type: "function", function: { name: "clock" } },
      calls: "clock",
    },
    { name: "it may choose", tool_choice: "auto", calls: undefined },
    { name: "tools are forbidden", tool_choice: "none", calls: undefined },
  ])("calls a tool only if forced: $name", async ({ tool_choice, calls }) => {
    const { body } = await post("/chat/completions", { ...hello, tools, tool_choice });
    const [choice] = body.choices;
    expect(choice.finish_reason).toBe(calls ? "tool_calls" : "stop");
    expect(choice.message.tool_calls?.[0].function).toEqual(
      calls && { name: calls, arguments: "{}" },
    );
  });

  it("streams a tool call", async () => {
    const request = { ...hello, tools, tool_choice: "required", stream: true };
    const events = await stream("/chat/completions", request);
    const deltas = events.slice(0, -1).map((event) => JSON.parse(event).choices[0].delta);
    expect(deltas[1].tool_calls[0]).toMatchObject({ index: 0, function: { name: "weather" } });
  });

  it("answers structured output with a value of the schema", async () => {
    const schema = {
      type: "object",
      properties: {
        city: { type: "string" },
        degrees: { type: "number" },
        unit: { enum: ["C", "F"] },
        again: { $ref: "#/$defs/days" },
      },
      $defs: { days: { type: "array", items: { type: "string" }, minItems: 2 } },
    };
    const response_format = { type: "json_schema", json_schema: { name: "w", schema } };
    const { body } = await post("/chat/completions", { ...hello, response_format });
    expect(JSON.parse(body.choices[0].message.content)).toEqual({
      city: "demo",
      degrees: 1,
      unit: "C",
      again: ["demo", "demo"],
    });
  });

  it("survives a schema that contains itself", async () => {
    const node = { type: "object", properties: { a: ref(), b: ref(), c: ref(), d: ref() } };
    const schema = { ...node, $defs: { node } };
    const response_format = { type: "json_schema", json_schema: { schema } };
    const { status } = await post("/chat/completions", { ...hello, response_format });
    expect(status).toBe(200);
  });

  it("answers completions, plain and streamed alike", async () => {
    const request = { model: "demo", prompt: "Once upon a time" };
    const plain = await post("/completions", request);
    expect(plain.body).toMatchObject({ object: "text_completion", model: "demo" });
    const events = await stream("/completions", { ...request, stream: true });
    const text = events
      .slice(0, -1)
      .map((event) => JSON.parse(event).choices[0].text)
      .join("");
    expect(text).toBe(plain.body.choices[0].text);
  });

  it("embeds texts as numbers and, when asked, as the same numbers in base64", async () => {
    const input = ["a canal", "a river"];
    const floats = await post("/embeddings", { model: "e", input });
    const packed = await post("/embeddings", { model: "e", input, encoding_format: "base64" });
    expect(floats.body.data).toHaveLength(2);
    expect(floats.body.data[0].embedding).not.toEqual(floats.body.data[1].embedding);
    for (const [index, { embedding }] of packed.body.data.entries()) {
      const bytes = Buffer.from(embedding, "base64");
      const unpacked = Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(i * 4));
      expect(unpacked).toEqual(floats.body.data[index].embedding);
    }
  });

  it("gives embeddings the size asked for and length one", async () => {
    const { body } = await post("/embeddings", { model: "e", input: "x", dimensions: 7 });
    expect(body.data[0].embedding).toHaveLength(7);
    expect(Math.hypot(...body.data[0].embedding)).toBeCloseTo(1, 5);
  });

  it("lists its models", async () => {
    const answer = await fetch(`${(await provider()).baseUrl}/models`);
    expect(await answer.json()).toMatchObject({ object: "list", data: [{ id: "demo" }, {}] });
  });

  it.each([
    { name: "broken JSON", path: "/chat/completions", body: "{", status: 400 },
    { name: "a list", path: "/chat/completions", body: "[]", status: 400 },
    { name: "no messages", path: "/chat/completions", body: "{}", status: 400 },
    { name: "no prompt", path: "/completions", body: "{}", status: 400 },
    { name: "no input", path: "/embeddings", body: "{}", status: 400 },
    {
      name: "half a dimension",
      path: "/embeddings",
      body: '{"input":"x","dimensions":0.5}',
      status: 400,
    },
    { name: "an unknown route", path: "/audio/speech", body: "{}", status: 404 },
  ])("answers $name in OpenAI's error shape", async ({ path, body, status }) => {
    const answer = await fetch(`${(await provider()).baseUrl}${path}`, { method: "POST", body });
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({
      error: {
        message: expect.any(String),
        type: "invalid_request_error",
        param: null,
        code: null,
      },
    });
  });

  it("stops while a stream is open", async () => {
    const demo = await startDemoProvider({ chunkDelayMs: 60_000 });
    const answer = await fetch(`${demo.baseUrl}/chat/completions`, {
      method: "POST",
      body: JSON.stringify({ ...hello, stream: true }),
    });
    await demo.stop();
    await expect(answer.text()).rejects.toThrow();
  });
});

const running: DemoProvider[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((demo) => demo.stop()));
});

async function provider(): Promise<DemoProvider> {
  const demo = running[0] ?? (await startDemoProvider({ chunkDelayMs: 0 }));
  if (running.length === 0) running.push(demo);
  return demo;
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely; a wrong shape fails the test.
type Json = any;

async function post(path: string, body: object): Promise<{ status: number; body: Json }> {
  const url = `${(await provider()).baseUrl}${path}`;
  const answer = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  return { status: answer.status, body: await answer.json() };
}

async function stream(path: string, body: object): Promise<string[]> {
  const url = `${(await provider()).baseUrl}${path}`;
  const answer = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  expect(answer.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  const events = (await answer.text()).split("\n\n").slice(0, -1);
  return events.map((event) => event.replace(/^data: /, ""));
}

function tool(name: string): object {
  return { type: "function", function: { name, parameters: { type: "object", properties: {} } } };
}

function ref(): object {
  return { $ref: "#/$defs/node" };
}
