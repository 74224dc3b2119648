import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SseRelay } from "./sse-relay.ts";

const hello = 'data: {"choices":[{"delta":{"content":"hé \\"usage\\" [DONE]"}}],"usage":null}\n\n';
const finish = 'data: {"choices":[{"delta":{},"finish_reason":"stop"}],"usage":null}\n\n';
const usage = 'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2}}\n\n';
const done = "data: [DONE]\n\n";
const error = 'data: {"error":{"message":"overloaded","code":"server_is_overloaded"}}\n\n';

describe("SseRelay", () => {
  const rows = [
    { name: "a whole stream", text: hello + finish + done, kept: hello + finish + done },
    { name: "usage that was not asked for", text: hello + usage + done, kept: hello + done },
    {
      name: "usage that was asked for",
      text: hello + usage + done,
      kept: hello + usage + done,
      keep: true,
    },
    {
      name: "comments",
      text: `: ping\n\n${hello}: ping\n\n${done}`,
      kept: `: ping\n\n${hello}: ping\n\n${done}`,
    },
    { name: "CRLF", text: dos(hello + usage + done), kept: dos(hello + done) },
    { name: "no space behind data:", text: "data:[DONE]\n\n", kept: "data:[DONE]\n\n" },
    {
      name: "an end without its empty line",
      text: `${hello}data: [DONE]`,
      kept: `${hello}data: [DONE]`,
    },
    {
      name: "half an event at the end",
      text: hello + finish.slice(0, -9),
      kept: hello,
      complete: false,
    },
    { name: "no end at all", text: hello, kept: hello, complete: false },
    { name: "a finish reason but no [DONE]", text: hello + finish, kept: hello + finish },
    { name: "an error in the stream", text: hello + error, kept: hello + error },
    {
      name: "usage beside choices",
      text: finish.replace("null}", '{"prompt_tokens":7,"completion_tokens":2}}'),
      kept: finish.replace("null}", '{"prompt_tokens":7,"completion_tokens":2}}'),
    },
    {
      name: "empty choices without usage",
      text: `data: {"choices":[],"usage":null}\n\n${done}`,
      kept: `data: {"choices":[],"usage":null}\n\n${done}`,
    },
  ];

  it.each(rows)("passes on $name, however it is cut", ({ text, kept, keep, complete }) => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 }),
        (sizes) => {
          const relay = new SseRelay({ stripUsage: !keep });
          expect(Buffer.concat(run(relay, Buffer.from(text), sizes)).toString()).toBe(kept);
          expect(relay.complete).toBe(complete ?? true);
          if (text.includes("prompt_tokens")) {
            expect(relay.usage).toEqual({ inputTokens: 7, outputTokens: 2 });
          }
        },
      ),
    );
  });

  it("never forwards half an event", () => {
    const relay = new SseRelay({ stripUsage: true });
    for (const piece of run(relay, Buffer.from(hello + finish + done), [1])) {
      if (piece.length > 0) expect(piece.toString()).toMatch(/\n\n$/);
    }
  });

  it("is not taken in by the words of a reply", () => {
    const relay = new SseRelay({ stripUsage: true });
    const text = 'data: {"choices":[{"delta":{"content":"data: [DONE] \\"error\\": {}"}}]}\n\n';
    run(relay, Buffer.from(text), [1000]);
    expect(relay).toMatchObject({ done: false, complete: false, error: undefined });
  });

  it("keeps the last usage of those that count up", () => {
    const relay = new SseRelay({ stripUsage: true });
    for (const n of [1, 2, 3]) {
      relay.push(
        Buffer.from(
          `data: {"choices":[{}],"usage":{"prompt_tokens":5,"completion_tokens":${n}}}\n\n`,
        ),
      );
    }
    expect(relay.usage).toEqual({ inputTokens: 5, outputTokens: 3 });
  });

  it("reads the usage Groq hides", () => {
    const relay = new SseRelay({ stripUsage: true });
    relay.push(
      Buffer.from(
        'data: {"choices":[{}],"x_groq":{"usage":{"prompt_tokens":1,"completion_tokens":2}}}\n\n',
      ),
    );
    expect(relay.usage).toEqual({ inputTokens: 1, outputTokens: 2 });
  });

  it("takes out usage each time, also where there is text beside it", () => {
    const relay = new SseRelay({ stripUsage: true, mend: () => false });
    const event = Buffer.from(usage.replace("{", '{"text":"a",'));
    for (let i = 0; i < 3; i++) expect(relay.push(event).length).toBe(0);
  });

  it("mends what the caller mends, and leaves the rest as it is", () => {
    const mend = (event: Record<string, unknown>): boolean => {
      if (!("bad" in event)) return false;
      delete event["bad"];
      return true;
    };
    const relay = new SseRelay({ stripUsage: true, mend });
    const bad = (text: string) => `data: {"bad":1,"choices":[{"text":"${text}"}]}\r\n\r\n`;
    const good = (text: string) => bad(text).replace('"bad":1,', "");
    const stream = `: ping\n\n${bad("é")}${hello}${bad("b")}${done}`;
    expect(relay.push(Buffer.from(stream)).toString()).toBe(
      `: ping\n\n${good("é")}${hello}${good("b")}${done}`,
    );
    expect(relay.push(Buffer.from(bad("ü") + hello)).toString()).toBe(good("ü") + hello);
  });

  it("tells of an error with its body", () => {
    const relay = new SseRelay({ stripUsage: true });
    relay.push(Buffer.from(error));
    expect(relay.error?.body).toMatchObject({ error: { code: "server_is_overloaded" } });
  });

  it("passes on an event too long to hold, and holds no more than 256 KiB", () => {
    const relay = new SseRelay({ stripUsage: true });
    const piece = Buffer.alloc(64 * 1024, "x");
    let forwarded = relay.push(Buffer.from("data: ")).length;
    for (let i = 0; i < 16; i++) forwarded += relay.push(piece).length;
    expect(6 + 16 * piece.length - forwarded).toBeLessThanOrEqual(256 * 1024);
  });
});

/** Push `bytes` in pieces of the sizes given, over and over. */
function run(relay: SseRelay, bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const out: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    out.push(relay.push(bytes.subarray(at, at + size)));
    at += size;
  }
  out.push(relay.end());
  return out;
}

function dos(text: string): string {
  return text.replaceAll("\n", "\r\n");
}
