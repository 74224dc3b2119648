import { describe, expect, it } from "vitest";
import type { ChatEvent } from "../chat/chat-event.ts";
import type { StreamWriter } from "../dialects/dialect.ts";
import type { StreamReader } from "../providers/provider-api.ts";
import { TranslatedStream } from "./translated-stream.ts";

const start: ChatEvent = { type: "start", id: "a" };
const text: ChatEvent = { type: "text-delta", choice: 0, text: "hi" };
const finish: ChatEvent = { type: "finish", choice: 0, reason: "stop" };
const usage: ChatEvent = { type: "usage", usage: { inputTokens: 1, outputTokens: 2 } };
const busy: ChatEvent = {
  type: "error",
  error: { kind: "overloaded", message: "busy", status: 529 },
};

describe("TranslatedStream", () => {
  it("has begun with the first event of the answer, not with signs of life", () => {
    const stream = translated([[start], [text], [finish, usage]]);
    expect([push(stream), stream.begun]).toEqual(["<start>", false]);
    expect([push(stream), stream.begun]).toEqual(["<text-delta>", true]);
    expect([push(stream), stream.complete]).toEqual(["<finish><usage>", true]);
    expect(stream.end().toString()).toBe("<end>");
    expect(stream.end().toString()).toBe("");
    expect(stream.usage).toEqual({ inputTokens: 1, outputTokens: 2 });
  });

  it("takes an answer that only says why it ends for an answer", () => {
    const stream = translated([[start, finish]]);
    push(stream);
    expect([stream.begun, stream.complete]).toEqual([true, true]);
  });

  it("shows nothing of an error that is the first event, so that another may be tried", () => {
    const stream = translated([[start], [busy], [text]]);
    push(stream);
    expect([push(stream), stream.begun, stream.error?.first]).toEqual(["", false, true]);
    expect([push(stream), stream.end().toString()]).toEqual(["", ""]);
  });

  it("tells of a later error as the client's dialect does, and of nothing after it", () => {
    const stream = translated([[start, text], [text, busy, text], [finish]]);
    push(stream);
    expect(push(stream)).toBe("<text-delta><error 503 server_is_overloaded: busy>");
    expect(stream.error).toMatchObject({ first: false, error: { status: 529 } });
    expect([push(stream), stream.end().toString()]).toEqual(["", ""]);
    expect([stream.complete, stream.done]).toEqual([true, false]);
  });

  it("does not write an end that the provider has not reached", () => {
    const stream = translated([[start, text]]);
    push(stream);
    expect([stream.end().toString(), stream.complete]).toEqual(["", false]);
  });
});

/** A provider that gives these events, a list per chunk, and a dialect that shows their types. */
function translated(script: readonly (readonly ChatEvent[])[]): TranslatedStream {
  const left = script.values();
  let complete = false;
  const reader: StreamReader = {
    push() {
      const events = left.next().value ?? [];
      complete ||= events.includes(finish);
      return events;
    },
    end: () => [],
    get complete() {
      return complete;
    },
  };
  const writer: StreamWriter = {
    write: (events) => events.map(({ type }) => `<${type}>`).join(""),
    end: () => "<end>",
    fail: ({ status, code, message }) => `<error ${status} ${code}: ${message}>`,
  };
  return new TranslatedStream(reader, writer);
}

function push(stream: TranslatedStream): string {
  return stream.push(Buffer.from("x")).toString();
}
