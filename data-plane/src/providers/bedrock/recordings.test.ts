import { isRecord } from "@headgate/core";
import { type Exchange, exchangeBytes } from "@headgate/testing";
import { describeExchanges } from "@headgate/testing/describe-exchanges";
import { type Reading, readRaw, servable, VendorReader } from "@headgate/testing/vendor-readings";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ChatEvent } from "../../chat/chat-event.ts";
import type { ChatRequest } from "../../chat/chat-request.ts";
import { collectAnswer } from "../../chat/collect-answer.ts";
import { bedrockApi } from "./api.ts";

const request: ChatRequest = {
  messages: [],
  tools: [],
  stream: true,
  more: { dialect: "openai", members: {} },
};

describeExchanges("recorded answers of Converse", (library) => {
  const exchanges = library.list({ kinds: ["converse", "converse-stream"] }).map(servable);
  const streams = exchanges.filter(({ stream }) => stream);
  let reader: VendorReader;
  beforeAll(async () => {
    reader = await VendorReader.start();
  });
  afterAll(async () => {
    await reader?.[Symbol.asyncDispose]();
  });

  it("are there", () => {
    expect(streams.length).toBeGreaterThanOrEqual(5);
    expect(exchanges.length).toBeGreaterThanOrEqual(13);
  });

  it.each(exchanges)(
    "$name: says what the bytes say, and the official client",
    async (exchange) => {
      const said = readingOf(exchange);
      expect(said).toEqual(withoutServerCalls(readRaw(exchange), exchange));
      expect(said).toEqual(withoutServerCalls(await reader.withClient(exchange), exchange));
    },
  );

  describe.each(streams)("$name", (exchange) => {
    const bytes = exchangeBytes(exchange);
    const whole = eventsOf(bytes, bytes.length);

    it("is the same at every size of chunks", () => {
      for (let size = 1; size < bytes.length; size++) expect(eventsOf(bytes, size)).toEqual(whole);
    });

    it("is not complete when cut, but for the usage after its last event", () => {
      const metadataAt = lastFrameAt(bytes);
      for (let length = 0; length < bytes.length; length++) {
        const stream = bedrockApi.chat.stream(request);
        const events = stream.push(bytes.subarray(0, length));
        expect(events).toEqual(whole.events.slice(0, events.length));
        expect(stream.complete).toBe(false);
        expect(stream.end()).toEqual([]);
        expect(stream.complete).toBe(length === metadataAt);
      }
    });
  });
});

describeExchanges("recorded embeddings of Bedrock", (library) => {
  const exchanges = library.list({
    kinds: ["invoke"],
    where: ({ request: sent }) => sent?.path.includes("embed") ?? false,
  });

  it.each(exchanges)("$name: are the vendor's numbers", (exchange) => {
    const body: unknown = JSON.parse(exchangeBytes(exchange).toString());
    const answer = bedrockApi.embeddings?.answer(body, {
      input: ["x"],
      more: { dialect: "openai", members: {} },
    });
    if (!isRecord(body)) throw new Error("not an object");
    expect(answer?.vectors).toEqual([body["embedding"]]);
    expect(answer?.usage?.inputTokens).toBe(body["inputTextTokenCount"]);
  });

  it.each(exchanges)("$name: is asked for as it was", ({ request: sent }) => {
    const { inputText, dimensions, normalize } = record(sent?.body);
    const asked = bedrockApi.embeddings?.request(
      {
        input: [String(inputText)],
        ...(typeof dimensions === "number" && { dimensions }),
        more: { dialect: "openai", members: { normalize } },
      },
      { ...target, model: decodeURIComponent(sent?.path.split("/")[2] ?? "") },
    );
    expect(asked?.body).toEqual(sent?.body);
    expect(decodeURIComponent(asked?.path ?? "")).toBe(decodeURIComponent(sent?.path ?? ""));
  });
});

describeExchanges("recorded errors of Bedrock", (library) => {
  const exchanges = library.list({
    providers: ["bedrock"],
    kinds: ["converse", "invoke"],
    where: ({ response }) => response.status >= 400,
  });
  const kinds: Readonly<Record<string, string>> = {
    ExpiredTokenException: "credential_rejected",
    UnrecognizedClientException: "credential_rejected",
    "The provided model identifier is invalid.": "model_not_found",
  };

  it.each(exchanges)("$name: keeps the vendor's words and status", (exchange) => {
    const { status, headers } = exchange.response;
    const body = exchangeBytes(exchange);
    const error = bedrockApi.classifyError({ status, headers, body });
    const { message } = record(JSON.parse(body.toString()));
    expect(error).toMatchObject({ message, status });
    const type = String(headers["x-amzn-errortype"] ?? "").split(":")[0] ?? "";
    expect(error.kind).toBe(kinds[type] ?? kinds[String(message)] ?? "invalid_request");
  });
});

const target = {
  model: "m",
  basePath: "",
  apiVersion: "",
  keepAlive: "",
  project: "",
  location: "",
};

function eventsOf(bytes: Buffer, size: number) {
  const stream = bedrockApi.chat.stream(request);
  const events: ChatEvent[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    events.push(...stream.push(bytes.subarray(at, at + size)));
  }
  return { events: [...events, ...stream.end()], complete: stream.complete };
}

/** Our reading of an exchange, in the words of the other two. */
function readingOf(exchange: Exchange): Reading {
  const { status, headers } = exchange.response;
  const bytes = exchangeBytes(exchange);
  if (status >= 400) {
    const error = bedrockApi.classifyError({ status, headers, body: bytes });
    return { kind: "error", status: error.status };
  }
  const { events, complete } = exchange.stream
    ? eventsOf(bytes, 100)
    : { events: bedrockApi.chat.answer(JSON.parse(bytes.toString()), request), complete: true };
  expect(complete).toBe(true);
  const collected = collectAnswer(events);
  if (collected.kind === "incomplete") throw new Error("no choice was finished");
  if (collected.kind === "error") {
    return { kind: "error", status: collected.error.status };
  }
  const { choices, usage } = collected.answer;
  return {
    kind: "answer",
    choices: choices.map(({ parts, finish }) => ({
      text: parts.map((part) => (part.type === "text" ? part.text : "")).join(""),
      refusal: "",
      reasoning: parts.map((part) => (part.type === "reasoning" ? part.text : "")).join(""),
      toolCalls: parts.flatMap((part) =>
        part.type === "tool-call"
          ? [{ id: part.id, name: part.name, arguments: JSON.parse(part.arguments) }]
          : [],
      ),
      finish: finish.reason,
    })),
    ...(usage && {
      usage: {
        input: usage.inputTokens,
        output: usage.outputTokens,
        cachedInput: usage.cachedInputTokens ?? 0,
        reasoning: 0,
      },
    }),
  };
}

/** A tool that Bedrock ran itself is no call to the client: those it named are. */
function withoutServerCalls(reading: Reading, { request: sent }: Exchange): Reading {
  if (reading.kind !== "answer") return reading;
  const { tools } = record(record(sent?.body)["toolConfig"]);
  const own = (Array.isArray(tools) ? tools : []).map(
    (tool) => record(record(tool)["toolSpec"])["name"],
  );
  const choices = reading.choices.map((choice) => ({
    ...choice,
    toolCalls: choice.toolCalls.filter(({ name }) => own.includes(name)),
  }));
  return { ...reading, choices };
}

function lastFrameAt(bytes: Buffer): number {
  let last = 0;
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at)) last = at;
  return last;
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}
