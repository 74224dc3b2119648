import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NdjsonLines } from "./ndjson-lines.ts";
import { SseEvents } from "./sse-events.ts";

/** Any bytes, cut anywhere. */
const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 20 });

describe.each([
  {
    name: "SseEvents",
    create: () => new SseEvents(),
    text: 'event: a\r\ndata: {"x":"né"}\r\n\r\n: ping\n\ndata: one\ndata: two\n\nid: 7\nfoo: 1\ndata: last',
    expected: [
      { event: "a", data: '{"x":"né"}' },
      { event: undefined, data: "one\ntwo" },
      { event: undefined, data: "last" },
    ],
  },
  {
    name: "NdjsonLines",
    create: () => new NdjsonLines(),
    text: '{"a":"né"}\n\r\n{"b":1}\r\n{"c":2}',
    expected: ['{"a":"né"}', '{"b":1}\r', '{"c":2}'],
  },
])("$name", ({ create, text, expected }) => {
  it("finds the same whichever way the bytes are cut", () => {
    fc.assert(
      fc.property(cuts, (sizes) => {
        const frames = create();
        const bytes = Buffer.from(text);
        const found: unknown[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1;
          found.push(...frames.push(bytes.subarray(at, at + size)));
          at += size;
        }
        found.push(...frames.end());
        expect(found).toEqual(expected);
      }),
    );
  });

  it("gives up on what never ends, and holds no more of it", () => {
    const frames = create();
    const piece = Buffer.alloc(1024 * 1024, "x");
    frames.push(Buffer.from("data: "));
    for (let i = 0; i < 20; i++) frames.push(piece);
    expect(frames.broken).toBe(true);
    expect(frames.push(Buffer.from("\n\n"))).toEqual([]);
  });
});
