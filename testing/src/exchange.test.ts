import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Exchange, type ExchangeResponse, exchangeAnswer, exchangeBytes } from "./exchange.ts";
import { exchangeFolders, openExchanges } from "./exchange-library.ts";
import { temporaryFolder } from "./harness.ts";

describe("exchangeBytes", () => {
  it.each<{ name: string; response: Partial<ExchangeResponse>; bytes: string }>([
    { name: "joined chunks", response: { chunks: ["data: é\n", "\n"] }, bytes: "data: é\n\n" },
    { name: "a text body as it is", response: { body: '{ "a": 1 }' }, bytes: '{ "a": 1 }' },
    { name: "a JSON body written again", response: { body: { a: 1 } }, bytes: '{"a":1}' },
    { name: "a binary body decoded", response: { body_base64: "aGk=" }, bytes: "hi" },
    { name: "nothing", response: {}, bytes: "" },
  ])("are $name", ({ response, bytes }) => {
    expect(exchangeBytes(exchange(response)).toString()).toBe(bytes);
  });
});

describe("exchangeAnswer", () => {
  it("keeps the provider's status and headers, less those about its connection", () => {
    const headers = { "x-request-id": "r1", "Content-Length": "3", "transfer-encoding": "chunked" };
    const answer = exchangeAnswer(exchange({ status: 404, headers, body: "{}" }), {
      splitEvery: 1,
    });
    expect(answer).toMatchObject({ status: 404, headers: { "x-request-id": "r1" }, splitEvery: 1 });
    expect(Object.keys(answer.headers ?? {})).toEqual(["x-request-id"]);
  });
});

describe("openExchanges", () => {
  it("lists by kind and provider, and reads no file that cannot match", () => {
    const folder = library();
    writeFileSync(join(folder, "other__chat__broken.json"), "not JSON");
    const filter = { kinds: ["chat"], providers: ["openai"] };
    const names = openExchanges({ HEADGATE_EXCHANGES: folder })
      ?.list(filter)
      .map((e) => e.name);
    expect(names).toEqual(["openai__chat-stream__b", "openai__chat__a"]);
  });

  it("is undefined where there are no recordings", () => {
    expect(openExchanges({ HEADGATE_EXCHANGES: "/nonexistent" })).toBeUndefined();
  });

  it("looks beside the repository unless told otherwise", () => {
    expect(exchangeFolders({})).toEqual([expect.stringMatching(/shared\/exchanges$/)]);
  });
});

function library(): string {
  const folder = temporaryFolder();
  onTestFinished(() => folder[Symbol.dispose]());
  const path = join(folder.path, "exchanges");
  mkdirSync(path);
  for (const [name, kind] of [
    ["openai__chat__a", "chat"],
    ["openai__chat-stream__b", "chat"],
    ["openai__embeddings__c", "embeddings"],
  ] as const) {
    writeFileSync(join(path, `${name}.json`), JSON.stringify({ ...exchange({}), name, kind }));
  }
  return path;
}

function exchange(response: Partial<ExchangeResponse>): Exchange {
  const whole = { status: 200, headers: {}, ...response };
  const about = { name: "n", provider: "openai", kind: "chat", stream: false, features: [] };
  return { ...about, request: null, response: whole };
}
