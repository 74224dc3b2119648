import { isRecord } from "@headgate/core";
import { type Exchange, exchangeBytes } from "@headgate/testing";
import { describeExchanges } from "@headgate/testing/describe-exchanges";
import { openAiSchemaOrNotice } from "@headgate/testing/openai-schema";
import { expect, it } from "vitest";
import { clients, eventsOf } from "../dialects/openai-responses/responses-client.fixture.ts";
import { markResponseId, readResponseId } from "./response-ids.ts";
import { responsesRelay } from "./responses-conversion.ts";

const deploymentId = "eu/gpt";
const relay = responsesRelay({ deploymentId });
const suite = "Recorded responses, relayed";
const schema = openAiSchemaOrNotice(suite);

describeExchanges(suite, (exchanges) => {
  const recorded = exchanges.list({ kinds: ["responses", "responses-stream"] });
  const good = recorded.filter(({ response }) => response.status < 300);
  const streams = good.filter(({ response }) => response.chunks !== undefined);
  const plain = good.filter(({ response }) => response.chunks === undefined);

  it("are there", () => {
    expect(streams.length).toBeGreaterThan(10);
    expect(plain.length).toBeGreaterThan(10);
  });

  it.each(streams)("$name: the same bytes and state however they are cut", (exchange) => {
    const bytes = exchangeBytes(exchange);
    const whole = run(bytes, bytes.length);
    for (const size of [1, 2, 3, 7, 64, 1000, 4096]) {
      const cut = run(bytes, size);
      expect(cut.text === whole.text, `chunks of ${size}`).toBe(true);
      expect(cut.state).toEqual(whole.state);
    }
    expect(whole.state).toMatchObject({ begun: !isFailure(exchange), complete: true, done: true });
  });

  it.each(streams)("$name: fits the API's description", (exchange) => {
    const events = eventsOf(relayed(exchange));
    const problems = events.flatMap((event) => schema?.problems("response-event", event) ?? []);
    expect(problems).toEqual([]);
    expect(events.map((event) => event["sequence_number"])).toEqual(
      events.map((_, index) => index),
    );
  });

  it.each(streams)(
    "$name: cut short anywhere, shows whole events and never a whole answer",
    (exchange) => {
      const bytes = exchangeBytes(exchange);
      const { text, end } = run(bytes, bytes.length);
      const terminal = end;
      for (let length = 0; length < bytes.length; length += Math.ceil(bytes.length / 997)) {
        const cut = run(bytes.subarray(0, length), 512);
        expect(text.startsWith(cut.text), `cut at ${length}`).toBe(true);
        if (length < terminal) expect(cut.state.done, `cut at ${length}`).toBe(false);
        expect(() => eventsOf(cut.text)).not.toThrow();
      }
    },
  );

  it.each(streams)(
    "$name: official clients read what they read from the provider",
    async (exchange) => {
      for (const { client } of clients) {
        const raw = await finalOf(client({ body: exchangeBytes(exchange), stream: true }));
        const ours = await finalOf(client({ body: relayed(exchange), stream: true }));
        if (raw.kind === "error") {
          // What a client can't read at all may be mended; an error stays one.
          if (isFailure(exchange)) expect(ours).toEqual(raw);
          else if (ours.kind === "error") expect(ours).toEqual(raw);
          continue;
        }
        expect(unmarked(ours)).toEqual(mended(raw));
      }
    },
  );

  it.each(streams)("$name: events, usage and ids are those of the provider", (exchange) => {
    const raw = eventsOf(exchangeBytes(exchange).toString("utf8"));
    const ours = eventsOf(relayed(exchange));
    expect(ours.length).toBe(raw.length);
    for (const [index, event] of ours.entries())
      expect(event).toMatchObject(expectedEvent(raw, index));
    const last = raw.findLast(({ response }) => isRecord(response));
    const response = isRecord(last?.["response"]) ? last["response"] : {};
    const usage = isRecord(response["usage"]) ? response["usage"] : undefined;
    const bytes = exchangeBytes(exchange);
    expect(run(bytes, 100).state.usage?.inputTokens).toBe(usage?.["input_tokens"]);
    expect(run(bytes, 100).state.usage?.outputTokens).toBe(usage?.["output_tokens"]);
  });

  it.each(plain)("$name: a plain answer with a marked id that fits the description", (exchange) => {
    const bytes = exchangeBytes(exchange);
    const result = relay.plain(bytes);
    if (result.kind !== "answer") throw new Error(`it is taken for ${result.kind}`);
    const raw = JSON.parse(bytes.toString("utf8"));
    const ours = JSON.parse(result.body.toString("utf8"));
    expect(readResponseId(ours.id)?.original).toBe(raw.id);
    expect(ours).toMatchObject({ ...raw, ...marks(raw), tools: expect.anything() });
    expect(ours.tools.length).toBe(raw.tools.length);
    expect(schema?.problems("response", ours) ?? []).toEqual([]);
    expect(result.usage?.inputTokens).toBe(raw.usage.input_tokens);
    expect(result.usage?.outputTokens).toBe(raw.usage.output_tokens);
  });
});

function run(bytes: Buffer, size: number) {
  const stream = relay.stream();
  const pieces: Buffer[] = [];
  let end = bytes.length;
  for (let at = 0; at < bytes.length; at += size) {
    pieces.push(stream.push(bytes.subarray(at, at + size)));
    if (stream.done) end = Math.min(end, at);
  }
  pieces.push(stream.end());
  const { begun, complete, done, error, usage } = stream;
  const state = { begun, complete, done, error, usage };
  return { text: Buffer.concat(pieces).toString("utf8"), state, end: terminalStart(bytes, end) };
}

/** Offset up to which the stream has not said that it is over. */
function terminalStart(bytes: Buffer, end: number): number {
  const found = [
    ...bytes.toString("latin1").matchAll(/"type": ?"response\.(?:completed|incomplete|failed)"/g),
  ];
  return found[0]?.index ?? end;
}

function relayed(exchange: Exchange): string {
  const bytes = exchangeBytes(exchange);
  return run(bytes, bytes.length).text;
}

/** The recorded stream is one of an error. */
function isFailure(exchange: Exchange): boolean {
  return /"type": ?"(?:error|response\.failed)"/.test(exchangeBytes(exchange).toString("utf8"));
}

type Final =
  | { readonly kind: "error"; readonly message: string }
  | { readonly kind: "final"; readonly response: Record<string, unknown> };

async function finalOf(client: ReturnType<(typeof clients)[number]["client"]>): Promise<Final> {
  try {
    const response = await client.responses.stream({ model: "m", input: "x" }).finalResponse();
    return { kind: "final", response: JSON.parse(JSON.stringify(response)) };
  } catch (error) {
    return { kind: "error", message: error instanceof Error ? error.message : String(error) };
  }
}

/** With the provider's own ids again, and what is mended in either. */
function unmarked(final: Final) {
  if (final.kind === "error") return final;
  const { id, previous_response_id: previous, ...rest } = final.response;
  expect(readResponseId(String(id))?.tag).toBeDefined();
  const original = (value: unknown) =>
    typeof value === "string" ? readResponseId(value)?.original : value;
  return mended({
    kind: "final",
    response: { id: original(id), previous_response_id: original(previous), ...rest },
  });
}

function mended(final: Final) {
  if (final.kind === "error") return final;
  const defaults = { metadata: {}, instructions: null, error: null, incomplete_details: null };
  const text = JSON.stringify({ previous_response_id: null, ...defaults, ...final.response });
  return JSON.parse(text, (_, value) =>
    isRecord(value) && value["type"] === "output_text" && !value["logprobs"]
      ? { ...value, logprobs: [] }
      : value,
  );
}

/** What stands in the event of the provider has to stand in ours, ids and mends aside. */
function expectedEvent(raw: readonly Record<string, unknown>[], index: number) {
  const { response, content_index: _, type: __, ...rest } = raw[index] ?? {};
  return isRecord(response) ? { ...rest, response: { ...response, ...marks(response) } } : rest;
}

function marks(response: Readonly<Record<string, unknown>>) {
  const { id, previous_response_id: previous } = response;
  return {
    id: markResponseId(String(id), deploymentId),
    ...(typeof previous === "string" && {
      previous_response_id: markResponseId(previous, deploymentId),
    }),
  };
}
