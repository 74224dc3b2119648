import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ChatEvent } from "../../chat/chat-event.ts";
import type { ChatRequest } from "../../chat/chat-request.ts";
import { collectAnswer } from "../../chat/collect-answer.ts";
import { geminiApi } from "./api.ts";

const request: ChatRequest = {
  messages: [{ role: "user", content: [{ type: "text", text: "Hi" }] }],
  tools: [],
  stream: true,
  more: { dialect: "openai", members: {} },
};

describe("geminiApi.chat.answer()", () => {
  it("reads thoughts, signed text and calls, each in its place", () => {
    const parts = [
      { text: "hm", thought: true },
      { text: "Let me see.", thoughtSignature: "t" },
      { text: "Now." },
      { functionCall: { id: "g1", name: "a", args: { x: [1] } }, thoughtSignature: "c" },
      { functionCall: { name: "b" } },
    ];
    expect(
      partsOf({ responseId: "R/1", candidates: [{ content: { parts }, finishReason: "STOP" }] }),
    ).toEqual([
      { type: "reasoning", text: "hm" },
      { type: "text", text: "Let me see.", signature: { vendor: "gemini", value: "t" } },
      { type: "text", text: "Now." },
      {
        type: "tool-call",
        id: "g1",
        name: "a",
        arguments: '{"x":[1]}',
        signature: { vendor: "gemini", value: "c" },
      },
      { type: "tool-call", id: "call_hg_R_1_1", name: "b", arguments: "{}" },
    ]);
  });

  it("tells which answer it is", () => {
    const [start] = answer({
      responseId: "r",
      modelVersion: "m",
      createTime: "2026-01-01T00:00:01.9Z",
      usageMetadata: { serviceTier: "standard" },
    });
    expect(start).toEqual({
      type: "start",
      id: "r",
      model: "m",
      createdS: 1_767_225_601,
      serviceTier: "default",
    });
  });

  it("names calls without an answer's id by the length of the conversation", () => {
    const candidates = [
      { content: { parts: [{ functionCall: { name: "b" } }] }, finishReason: "STOP" },
    ];
    const ids = [1, 3].map((length) => {
      const messages = Array.from({ length }, () => ({ role: "user", content: [] }) as const);
      const events = geminiApi.chat.answer({ candidates }, { ...request, messages });
      return events.flatMap((event) => (event.type === "tool-call-start" ? [event.id] : []));
    });
    expect(ids).toEqual([["call_hg_turn1_0"], ["call_hg_turn3_0"]]);
  });

  it.each([
    ["STOP", [{ text: "a" }], "stop"],
    ["STOP", [{ functionCall: { name: "f" } }], "tool_calls"],
    ["MAX_TOKENS", [{ functionCall: { name: "f" } }], "length"],
    ["MAX_TOKENS", [{ text: "a" }], "length"],
    ["SAFETY", [], "content_filter"],
    ["RECITATION", [{ text: "a" }], "content_filter"],
    ["BLOCKLIST", [], "content_filter"],
    ["PROHIBITED_CONTENT", [], "content_filter"],
    ["SPII", [], "content_filter"],
    ["IMAGE_SAFETY", [], "content_filter"],
    ["MODEL_ARMOR", [], "content_filter"],
    ["OTHER", [{ text: "a" }], "content_filter"],
    ["SOMETHING_NEW", [{ text: "a" }], "stop"],
    ["FINISH_REASON_UNSPECIFIED", [{ functionCall: { name: "f" } }], "tool_calls"],
    [
      "STOP",
      [{ functionCall: { name: "f" } }, { functionResponse: { name: "f" } }, { text: "a" }],
      "stop",
    ],
  ])("ends with %s after %j as %s", (native, parts, reason) => {
    const events = answer({ candidates: [{ content: { parts }, finishReason: native }] });
    expect(events).toContainEqual({ type: "finish", choice: 0, reason, native });
  });

  it.each([
    ["MALFORMED_FUNCTION_CALL", undefined, "The answer ended with MALFORMED_FUNCTION_CALL."],
    ["MALFORMED_FUNCTION_CALL", "Bad call: print(", "Bad call: print("],
    ["UNEXPECTED_TOOL_CALL", undefined, "The answer ended with UNEXPECTED_TOOL_CALL."],
    ["OTHER", "Internal.", "Internal."],
  ])("takes %s (%s) for an error", (finishReason, finishMessage, message) => {
    const events = answer({ candidates: [{ finishReason, finishMessage }] });
    expect(events.at(-1)).toEqual({
      type: "error",
      error: { kind: "server_error", message, status: 500 },
    });
  });

  // https://ai.google.dev/api/generate-content#BlockReason, and one that is not there yet.
  it.each(["SAFETY", "OTHER", "JAILBREAK"])(
    "finishes a prompt blocked for %s as filtered",
    (native) => {
      expect(answer({ promptFeedback: { blockReason: native } })).toEqual([
        { type: "start" },
        { type: "finish", choice: 0, reason: "content_filter", native },
      ]);
    },
  );

  it("keeps several candidates apart", () => {
    const collected = collectAnswer(
      answer({
        candidates: [
          { content: { parts: [{ text: "a" }] }, finishReason: "STOP" },
          { index: 1, content: { parts: [{ text: "b" }] }, finishReason: "MAX_TOKENS" },
        ],
      }),
    );
    expect(collected).toMatchObject({
      kind: "answer",
      answer: {
        choices: [
          { parts: [{ text: "a" }], finish: { reason: "stop" } },
          { parts: [{ text: "b" }], finish: { reason: "length" } },
        ],
      },
    });
  });

  it("passes on what only Gemini's clients understand", () => {
    const image = { inlineData: { mimeType: "image/png", data: "aQ==" } };
    const code = { executableCode: { code: "1" }, thoughtSignature: "s" };
    const parts = [image, {}, code];
    expect(partsOf({ candidates: [{ content: { parts }, finishReason: "STOP" }] })).toEqual([
      { type: "opaque", dialect: "gemini", value: image },
      { type: "opaque", dialect: "gemini", value: code },
    ]);
  });

  it("counts places of sources in characters, not in bytes", () => {
    const said = "Grüße 👋 aus Köln. Es regnet.";
    const bytes = (text: string) => Buffer.byteLength(text);
    const cited = partsOf({
      candidates: [
        {
          content: { parts: [{ text: said, thoughtSignature: "s" }] },
          finishReason: "STOP",
          groundingMetadata: {
            groundingChunks: [{ web: { uri: "https://a.example", title: "A" } }, { web: {} }],
            groundingSupports: [
              {
                segment: {
                  startIndex: bytes("Grüße 👋 aus Köln. "),
                  endIndex: bytes(said),
                  text: "Es regnet.",
                },
                groundingChunkIndices: [0, 1, 7],
              },
            ],
          },
          citationMetadata: { citations: [{ endIndex: bytes("Grüße"), uri: "https://b.example" }] },
        },
      ],
    });
    expect(cited).toMatchObject([
      {
        text: said,
        signature: { value: "s" },
        annotations: [
          {
            type: "url_citation",
            url_citation: {
              url: "https://a.example",
              title: "A",
              start_index: said.indexOf("Es"),
              end_index: said.length,
            },
          },
          { url_citation: { url: "https://b.example", title: "", start_index: 0, end_index: 5 } },
        ],
        citations: { dialect: "gemini", list: [{ web: { title: "A" } }, { web: {} }, {}] },
      },
    ]);
  });

  it("tells log probabilities as OpenAI does", () => {
    const logprobsResult = {
      chosenCandidates: [{ token: "é", tokenId: 1, logProbability: -0.5 }, { token: "!" }],
      topCandidates: [{ candidates: [{ token: "e", logProbability: -1 }] }],
    };
    const parts = [{ text: "hm", thought: true }, { text: "é!" }];
    expect(
      partsOf({ candidates: [{ content: { parts }, finishReason: "STOP", logprobsResult }] }),
    ).toMatchObject([
      { type: "reasoning" },
      {
        type: "text",
        logprobs: [
          {
            token: "é",
            logprob: -0.5,
            bytes: [0xc3, 0xa9],
            top_logprobs: [{ token: "e", logprob: -1, bytes: [0x65] }],
          },
          { token: "!", logprob: 0, bytes: [0x21], top_logprobs: [] },
        ],
      },
    ]);
  });

  it.each([
    [
      "all of it",
      {
        promptTokenCount: 10,
        toolUsePromptTokenCount: 5,
        candidatesTokenCount: 3,
        thoughtsTokenCount: 4,
        cachedContentTokenCount: 2,
        promptTokensDetails: [
          { modality: "TEXT", tokenCount: 4 },
          { modality: "AUDIO", tokenCount: 6 },
        ],
        candidatesTokensDetails: [{ modality: "AUDIO", tokenCount: 1 }],
      },
      {
        inputTokens: 15,
        outputTokens: 7,
        cachedInputTokens: 2,
        reasoningTokens: 4,
        inputAudioTokens: 6,
        outputAudioTokens: 1,
      },
    ],
    [
      "zeros as zeros",
      {
        promptTokenCount: 0,
        candidatesTokenCount: 0,
        cachedContentTokenCount: 0,
        thoughtsTokenCount: 0,
      },
      { inputTokens: 0, outputTokens: 0, cachedInputTokens: 0, reasoningTokens: 0 },
    ],
    [
      "output by the total",
      { promptTokenCount: 6, totalTokenCount: 9 },
      { inputTokens: 6, outputTokens: 3 },
    ],
    [
      "thoughts alone",
      { promptTokenCount: 6, thoughtsTokenCount: 2, totalTokenCount: 9 },
      { inputTokens: 6, outputTokens: 2, reasoningTokens: 2 },
    ],
    ["the prompt alone", { promptTokenCount: 6 }, { inputTokens: 6, outputTokens: 0 }],
    ["nothing", { trafficType: "ON_DEMAND" }, undefined],
    ["nothing of what is no number", { promptTokenCount: "6" }, undefined],
  ])("counts %s", (_, usageMetadata, usage) => {
    const candidates = [{ content: { parts: [{ text: "a" }] }, finishReason: "STOP" }];
    const collected = collectAnswer(answer({ candidates, usageMetadata }));
    expect(collected.kind === "answer" ? collected.answer.usage : collected).toEqual(usage);
  });

  it("reads a list of chunks, and an error in it", () => {
    const chunk = (text: string) => ({ candidates: [{ content: { parts: [{ text }] } }] });
    const last = { candidates: [{ finishReason: "STOP" }] };
    expect(partsOf([chunk("a"), chunk("b"), last])).toEqual([{ type: "text", text: "ab" }]);
    expect(
      answer([{ error: { code: 503, message: "Overloaded", status: "UNAVAILABLE" } }]),
    ).toEqual([
      { type: "error", error: { kind: "overloaded", message: "Overloaded", status: 503 } },
    ]);
  });

  it("never throws, and takes nothing but a finished answer for one", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (part, other) => {
        for (const body of [
          part,
          { candidates: part, promptFeedback: other, usageMetadata: part },
          { candidates: [{ content: { parts: [part, other] }, groundingMetadata: other }] },
          {
            candidates: [
              {
                content: {
                  parts: [
                    { text: "a", functionCall: part },
                    { functionCall: { name: "f", args: other } },
                  ],
                },
                groundingMetadata: {
                  groundingChunks: part,
                  groundingSupports: [other, { segment: part }],
                },
                citationMetadata: { citations: [part] },
                logprobsResult: { chosenCandidates: [part], topCandidates: other },
              },
            ],
          },
        ]) {
          expect(collectAnswer(answer(body)).kind).not.toBe("answer");
        }
      }),
    );
  });
});

describe("geminiApi.chat.stream()", () => {
  const text = (said: string) => ({ candidates: [{ content: { parts: [{ text: said }] } }] });
  const stop = { candidates: [{ finishReason: "STOP" }] };

  it("remembers calls that came before the finish", () => {
    const events = stream(
      sse({ candidates: [{ content: { parts: [{ functionCall: { name: "f" } }] } }] }, stop),
    );
    expect(events).toContainEqual({
      type: "finish",
      choice: 0,
      reason: "tool_calls",
      native: "STOP",
    });
  });

  it("finishes once, at the end, though every chunk names a reason", () => {
    const chunk = (said: string) => ({
      candidates: [{ content: { parts: [{ text: said }] }, finishReason: "STOP" }],
    });
    const events = stream(sse(chunk("a"), chunk("b")));
    expect(events.map(({ type }) => type)).toEqual(["start", "text-delta", "text-delta", "finish"]);
  });

  it("counts what the last chunk counts, and tells earlier counts only if they have output", () => {
    const counted = (usageMetadata: object) => ({ ...text("a"), usageMetadata });
    const events = stream(
      sse(
        counted({ promptTokenCount: 169 }),
        counted({ promptTokenCount: 169, candidatesTokenCount: 2 }),
        { ...stop, usageMetadata: { promptTokenCount: 79, candidatesTokenCount: 12 } },
        { usageMetadata: { trafficType: "ON_DEMAND" } },
      ),
    );
    const counts = events.flatMap((event) => (event.type === "usage" ? [event.usage] : []));
    expect(counts[0]).toEqual({ inputTokens: 169, outputTokens: 2 });
    expect(counts.at(-1)).toEqual({ inputTokens: 79, outputTokens: 12 });
  });

  it("binds a signature that comes with an empty text to the text before", () => {
    const signed = { candidates: [{ content: { parts: [{ text: "", thoughtSignature: "s" }] } }] };
    const collected = collectAnswer(stream(sse(text("a"), text("b"), signed, stop)));
    expect(collected).toMatchObject({
      answer: { choices: [{ parts: [{ text: "ab", signature: { value: "s" } }] }] },
    });
  });

  it("cites each source once", () => {
    const grounded = {
      candidates: [
        {
          content: { parts: [{ text: "a" }] },
          groundingMetadata: {
            groundingChunks: [{ web: { uri: "https://a.example" } }],
            groundingSupports: [
              { segment: { endIndex: 1, text: "a" }, groundingChunkIndices: [0] },
            ],
          },
        },
      ],
    };
    const events = stream(sse(grounded, grounded, stop));
    expect(events.filter(({ type }) => type === "citation")).toHaveLength(1);
  });

  const overloaded = { error: { code: 503, message: "Overloaded", status: "UNAVAILABLE" } };
  it.each([
    ["an event", sse(text("a"), overloaded)],
    ["a list in an event", sse(text("a"), [overloaded])],
    ["bare JSON after the events", `${sse(text("a"))}${JSON.stringify(overloaded, null, 2)}`],
    ["bare JSON alone", JSON.stringify(overloaded)],
    ["a bare list", `${sse(text("a"))}${JSON.stringify([overloaded], null, 2)}`],
  ])("reads an error told as %s", (_, bytes) => {
    for (const size of [1, 7, bytes.length]) {
      const { events, reader } = readStream(bytes, size);
      expect(events.at(-1)).toEqual({
        type: "error",
        error: { kind: "overloaded", message: "Overloaded", status: 503 },
      });
      expect(reader.complete).toBe(true);
    }
  });

  it("gives up on what is not JSON", () => {
    const { events, reader } = readStream(`${sse(text("a"))}data: {"x\n\n${sse(stop)}`, 9);
    expect(events.at(-1)).toMatchObject({ type: "error", error: { status: 502 } });
    expect(events.filter(({ type }) => type === "error")).toHaveLength(1);
    expect(reader.complete).toBe(false);
  });

  it("takes a stream that was cut, or never had a finish, for no answer", () => {
    const bytes = sse(text("a"), text("b"));
    for (let length = 0; length <= bytes.length; length++) {
      const { events, reader } = readStream(bytes.slice(0, length), 5);
      expect(reader.complete).toBe(false);
      expect(collectAnswer(events)).toEqual({ kind: "incomplete" });
    }
  });

  it("filters what is blocked in the middle", () => {
    const events = stream(sse(text("a"), { promptFeedback: { blockReason: "SAFETY" } }));
    expect(events.at(-1)).toMatchObject({ type: "finish", reason: "content_filter" });
  });
});

function answer(body: unknown): readonly ChatEvent[] {
  return geminiApi.chat.answer(body, request);
}

function partsOf(body: unknown) {
  const collected = collectAnswer(answer(body));
  return collected.kind === "answer" ? collected.answer.choices[0]?.parts : collected;
}

function sse(...chunks: readonly unknown[]): string {
  return chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\r\n\r\n`).join("");
}

function stream(text: string): readonly ChatEvent[] {
  return readStream(text, 1_000).events;
}

function readStream(text: string, size: number) {
  const reader = geminiApi.chat.stream(request);
  const bytes = Buffer.from(text);
  const events: ChatEvent[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    events.push(...reader.push(bytes.subarray(at, at + size)));
  }
  return { events: [...events, ...reader.end()], reader };
}
