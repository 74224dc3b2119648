import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type NamedEvent, NamedEvents, rewriteEvent } from "./named-events.ts";

const stream =
  ': hello\n\nevent: a\ndata: {"x":"né"}\n\nevent:b\r\ndata:{"y":\r\ndata:1}\r\n\r\n\ndata: {}\n\nevent: c\n\nevent: d\ndata: last';

describe("NamedEvents", () => {
  it("cuts a stream into its events, with the bytes as they came", () => {
    const events = cut(Buffer.from(stream), stream.length);
    expect(events.map(({ name, data }) => [name, data?.toString()])).toEqual([
      [undefined, undefined],
      ["a", '{"x":"né"}'],
      ["b", '{"y":\n1}'],
      [undefined, "{}"],
      ["c", undefined],
      ["d", "last"],
    ]);
    expect(Buffer.concat(events.map(({ bytes }) => bytes)).toString()).toBe(stream);
  });

  it("finds the same whichever way the bytes are cut, and loses none of any bytes", () => {
    const text = fc.array(
      fc.constantFrom("data: ", "event: ", "\n", "\r\n", "\n\n", "é", "{}", "\r"),
    );
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 9 }), (pieces, size) => {
        const bytes = Buffer.from(pieces.join(""));
        const whole = cut(bytes, bytes.length + 1);
        expect(cut(bytes, size)).toEqual(whole);
        expect(Buffer.concat(whole.map((event) => event.bytes))).toEqual(bytes);
      }),
      { numRuns: 500 },
    );
  });

  it("passes on what is too long to hold, says its name, and goes on behind it", () => {
    const events = new NamedEvents();
    const long = Buffer.alloc(1024 * 1024, "x");
    const pieces = [Buffer.from("event: long\ndata: "), ...Array.from({ length: 20 }, () => long)];
    const passed = pieces.flatMap((piece) => events.push(piece));
    expect(passed[0]).toMatchObject({ name: "long", data: undefined });
    expect(passed.slice(1).every(({ name }) => name === undefined)).toBe(true);
    const [rest, next] = events.push(Buffer.from("x\n\nevent: next\ndata: 1\n\n"));
    expect(rest).toMatchObject({ name: undefined, data: undefined });
    expect(next).toMatchObject({ name: "next", data: Buffer.from("1") });
  });
});

describe("rewriteEvent()", () => {
  it.each([
    { name: "keeps name and framing", text: "event: a\ndata: 1\n\n", to: "event: a\ndata: 2\n\n" },
    { name: "keeps CRLF", text: "event: a\r\ndata: 1\r\n\r\n", to: "event: a\r\ndata: 2\r\n\r\n" },
    { name: "makes one line of several", text: "data: [\ndata: ]\n\n", to: "data: 2\n\n" },
    { name: "keeps comments", text: ": c\ndata: 1\nid: 3\n\n", to: ": c\ndata: 2\nid: 3\n\n" },
    { name: "does without an end", text: "data: 1", to: "data: 2" },
  ])("$name", ({ text, to }) => {
    const [event] = cut(Buffer.from(text), text.length);
    expect(event && rewriteEvent(event, Buffer.from("2")).toString()).toBe(to);
  });

  it("gives it another name, if it has one", () => {
    const [event] = cut(Buffer.from("event: a\ndata: 1\n\n"), 99);
    expect(event && rewriteEvent(event, Buffer.from("2"), "b").toString()).toBe(
      "event: b\ndata: 2\n\n",
    );
  });
});

function cut(bytes: Buffer, size: number): NamedEvent[] {
  const events = new NamedEvents();
  const found: NamedEvent[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    found.push(...events.push(bytes.subarray(at, at + size)));
  }
  const last = events.end();
  return last ? [...found, last] : found;
}
