import {
  type Answer,
  type Exchange,
  exchangeBytes,
  type FakeProvider,
  openExchanges,
  startFakeProvider,
} from "@headgate/testing";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ProxyFixture, startProxyFixture } from "../http/proxy-fixture.ts";
import { claudeEvents } from "./__fixtures__/claude.ts";

/** Calls per vendor. Each is a real request over sockets, with a real answer gone bad. */
const runs = Number(process.env["HEADGATE_FUZZ_RUNS"] ?? 150);
const seed = Number(process.env["HEADGATE_FUZZ_SEED"] ?? 20261124);

interface Vendor {
  readonly type: string;
  /** Prefixes of the recordings' names. */
  readonly recordings: { readonly providers: readonly string[]; readonly kinds: readonly string[] };
  readonly streamType: string;
  /** Where there are no recordings. */
  readonly sample: string;
  readonly more?: object;
}

const eventStream = "text/event-stream";
const vendors: readonly Vendor[] = [
  {
    type: "OPENAI_COMPATIBLE",
    recordings: { providers: ["openai", "groq", "mistral", "tgi", "vllm"], kinds: ["chat"] },
    streamType: eventStream,
    sample: 'data: {"id":"1","choices":[{"index":0,"delta":{"content":"hi"}}]}\n\ndata: [DONE]\n\n',
  },
  {
    // Its Responses API is relayed.
    type: "OPENAI",
    recordings: { providers: ["openai", "azure", "xai"], kinds: ["responses"] },
    streamType: eventStream,
    sample:
      'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"hi"}\n\n',
  },
  {
    type: "ANTHROPIC",
    recordings: { providers: ["anthropic"], kinds: ["messages"] },
    streamType: eventStream,
    sample: claudeEvents("Hello").join(""),
  },
  {
    type: "GEMINI",
    recordings: { providers: ["gemini"], kinds: ["generateContent", "streamGenerateContent"] },
    streamType: eventStream,
    sample:
      'data: {"candidates":[{"content":{"parts":[{"text":"hi"}]},"finishReason":"STOP"}]}\r\n\r\n',
  },
  {
    type: "BEDROCK",
    recordings: { providers: ["bedrock"], kinds: ["converse", "converse-stream"] },
    streamType: "application/vnd.amazon.eventstream",
    sample: '{"output":{"message":{"content":[{"text":"hi"}]}},"stopReason":"end_turn"}',
    more: { awsRegion: "us-east-1" },
  },
  {
    type: "OLLAMA",
    recordings: { providers: ["ollama"], kinds: ["ollama-chat", "ollama-chat-stream"] },
    streamType: "application/x-ndjson",
    sample: '{"message":{"content":"hi"},"done":false}\n{"done":true,"done_reason":"stop"}\n',
  },
];

describe.each(vendors)("bytes of $type gone bad", (vendor) => {
  let provider: FakeProvider;
  let proxy: ProxyFixture;

  beforeAll(async () => {
    provider = await startFakeProvider();
    proxy = await startProxyFixture({
      resources: {
        providers: [
          {
            name: "p",
            type: `PROVIDER_TYPE_${vendor.type}`,
            baseUrl: provider.origin,
            credentials: [{ name: "c", apiKey: "sk-up" }],
            ...vendor.more,
          },
        ],
        models: [{ name: "m", deployments: [{ provider: "p", model: "up" }] }],
        policy: { name: "default", timeouts: { firstToken: "5s", idle: "5s", total: "10s" } },
      },
    });
  });
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]();
    await provider.stop();
  });

  it("end in an answer or an error, whatever they are, and leave the worker well", async () => {
    const corpora = { stream: corpusOf(vendor, true), plain: corpusOf(vendor, false) };
    await fc.assert(
      fc.asyncProperty(calls(corpora), async ({ bytes, call, cutting }) => {
        const type = call.stream ? vendor.streamType : "application/json";
        provider.setBehaviour({ headers: { "content-type": type }, body: bytes, ...cutting });
        const answer = await proxy.post(call.path, { ...call.body, stream: call.stream });
        const text = await answer.text().catch(() => broken);
        if (text === broken) return;
        if (answer.headers.get("content-type")?.startsWith(eventStream)) {
          expect(ends(text, vendor), text.slice(-500)).toBe(true);
        } else {
          expect(JSON.parse(text)).toBeTypeOf("object");
        }
      }),
      { numRuns: runs, seed, endOnFailure: true },
    );
    expect(proxy.lines.filter(({ level }) => level === 50)).toEqual([]);
    expect(proxy.server.openCalls).toBe(0);
  }, 120_000);
});

/** What fetch() makes of a connection that was closed in the middle: an answer too large to hold. */
const broken = "\0broken";

const body = { model: "m", max_tokens: 64 };
const messages = [{ role: "user", content: "hi" }];
const endpoints = [
  { path: "/v1/chat/completions", body: { ...body, messages } },
  { path: "/v1/messages", body: { ...body, messages } },
  { path: "/v1/responses", body: { model: "m", input: "hi" } },
];

/** A stream says that it is over, or that it broke. */
function ends(text: string, { type }: Vendor): boolean {
  const last =
    text
      .trimEnd()
      .split(/\r?\n\r?\n/)
      .at(-1) ?? "";
  const over =
    /^data: ?\[DONE\]|"type":"message_stop"|"type":"response\.(?:completed|incomplete)"/m;
  if (over.test(last) || /"error":/.test(last)) return true;
  // Relayed as it is: a provider may end with its finish reason, or the usage behind it.
  return type === "OPENAI_COMPATIBLE" && /"finish_reason": ?"/.test(text);
}

function corpusOf({ recordings, sample }: Vendor, stream: boolean): readonly Buffer[] {
  const found = openExchanges()?.list(recordings) ?? [];
  const bytes = found
    .filter((exchange: Exchange) => exchange.response.status === 200 && exchange.stream === stream)
    .map(exchangeBytes)
    .filter(({ length }) => length > 0 && length < 64 * 1024);
  return bytes.length > 0 ? bytes : [Buffer.from(sample)];
}

interface Corpora {
  readonly stream: readonly Buffer[];
  readonly plain: readonly Buffer[];
}

/** Mostly an answer of the kind that was asked for, a little damaged; sometimes anything at all. */
function calls({ stream, plain }: Corpora) {
  return fc.boolean().chain((asked) => {
    const [fitting, other] = asked ? [stream, plain] : [plain, stream];
    return fc.record({
      bytes: fc.oneof(
        { weight: 12, arbitrary: mutated(fitting) },
        { weight: 2, arbitrary: mutated(other) },
        {
          weight: 1,
          arbitrary: fc.uint8Array({ maxLength: 2_000 }).map((raw) => Buffer.from(raw)),
        },
        { weight: 1, arbitrary: fc.json().map((text) => Buffer.from(`data: ${text}\n\n`)) },
      ),
      call: fc.constantFrom(...endpoints).map((endpoint) => ({ ...endpoint, stream: asked })),
      cutting: fc.oneof(
        { weight: 3, arbitrary: fc.constant<Answer>({}) },
        { weight: 2, arbitrary: fc.nat(4_000).map((cutAfter): Answer => ({ cutAfter })) },
        { weight: 1, arbitrary: fc.nat(4_000).map((closeAfter): Answer => ({ closeAfter })) },
        {
          weight: 1,
          arbitrary: fc.integer({ min: 1, max: 700 }).map((splitEvery): Answer => ({ splitEvery })),
        },
      ),
    });
  });
}

/** Damage, piece by piece: of bytes, of lines, and of JSON values where they stand. */
const damage = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  size: fc.integer({ min: 1, max: 40 }),
  kind: fc.constantFrom("flip", "delete", "repeat", "insert", "value", "value", "value", "line"),
  with: fc.constantFrom(
    '{"toString":false,"valueOf":false}',
    "null",
    "true",
    "-1",
    "1e999",
    '""',
    "{}",
    "[]",
    '"\\ud800"',
    '{"a":[{}]}',
    "[[],null]",
    "9".repeat(400),
  ),
});

function mutated(corpus: readonly Buffer[]) {
  return fc
    .record({
      base: fc.constantFrom(...corpus),
      damages: fc.array(damage, { maxLength: 4 }),
    })
    .map(({ base, damages }) => damages.reduce(damaged, base));
}

function damaged(bytes: Buffer, { at, size, kind, with: text }: DamageOf<typeof damage>): Buffer {
  const start = Math.floor(at * bytes.length);
  const end = Math.min(start + size, bytes.length);
  const [before, middle, after] = [
    bytes.subarray(0, start),
    bytes.subarray(start, end),
    bytes.subarray(end),
  ];
  switch (kind) {
    case "flip":
      return Buffer.concat([before, middle.map((byte) => byte ^ 0x55), after]);
    case "delete":
      return Buffer.concat([before, after]);
    case "repeat":
      return Buffer.concat([before, middle, middle, after]);
    case "insert":
      return Buffer.concat([before, Buffer.from(text), middle, after]);
    case "line":
      return Buffer.from(bytes.toString("latin1").replace(/\n.*\n/, "\n"), "latin1");
    case "value":
      return withValue(bytes, start, text);
  }
}

type DamageOf<T> = T extends fc.Arbitrary<infer Value> ? Value : never;

/** Replace the next value of a member: strings, numbers and words. */
function withValue(bytes: Buffer, start: number, text: string): Buffer {
  const source = bytes.toString("latin1");
  const value = /(":\s*)("(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null)/g;
  value.lastIndex = start;
  const match = value.exec(source);
  if (!match) return bytes;
  const from = match.index + (match[1]?.length ?? 0);
  const to = match.index + match[0].length;
  return Buffer.concat([bytes.subarray(0, from), Buffer.from(text), bytes.subarray(to)]);
}
