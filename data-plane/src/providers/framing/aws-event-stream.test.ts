import { EventStreamCodec } from "@smithy/eventstream-codec";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AwsEvent, AwsEventStream } from "./aws-event-stream.ts";

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes).toString("utf8"),
  (text) => Buffer.from(text),
);

function message(headers: Readonly<Record<string, string>>, body: string): Buffer {
  const typed = Object.entries(headers).map(([name, value]) => [name, { type: "string", value }]);
  return Buffer.from(codec.encode({ headers: Object.fromEntries(typed), body: Buffer.from(body) }));
}

function event(type: string, body: string): Buffer {
  return message({ ":message-type": "event", ":event-type": type }, body);
}

const bytes = Buffer.concat([
  event("messageStart", '{"role":"assistant"}'),
  event("contentBlockDelta", '{"delta":{"text":"né 🎈"}}'),
  event("ping", ""),
  message({ ":message-type": "exception", ":exception-type": "throttlingException" }, '{"m":1}'),
  message({ ":message-type": "error", ":error-code": "Oops", ":error-message": "bad" }, ""),
]);
const expected: readonly AwsEvent[] = [
  { kind: "event", type: "messageStart", body: '{"role":"assistant"}' },
  { kind: "event", type: "contentBlockDelta", body: '{"delta":{"text":"né 🎈"}}' },
  { kind: "event", type: "ping", body: "" },
  { kind: "exception", type: "throttlingException", body: '{"m":1}' },
  { kind: "exception", type: "Oops", body: '{"message":"bad"}' },
];

describe("AwsEventStream", () => {
  it("finds the same whichever way the bytes are cut", () => {
    for (let size = 1; size <= bytes.length; size++) {
      const stream = new AwsEventStream();
      const found: AwsEvent[] = [];
      for (let at = 0; at < bytes.length; at += size) {
        found.push(...stream.push(bytes.subarray(at, at + size)));
      }
      expect(found).toEqual(expected);
      expect(stream).toMatchObject({ broken: false, partial: false });
    }
  });

  it("says of a stream cut anywhere whether a message is missing its end", () => {
    const ends = new Set([0]);
    for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at)) ends.add(at);
    for (let length = 0; length < bytes.length; length++) {
      const stream = new AwsEventStream();
      const found = stream.push(bytes.subarray(0, length));
      expect(found).toEqual(expected.slice(0, found.length));
      expect(stream.partial).toBe(!ends.has(length));
    }
  });

  it("is broken by any damaged byte, gives nothing wrong before, and nothing after", () => {
    const damage = fc.record({
      at: fc.integer({ min: 0, max: bytes.length - 1 }),
      flip: fc.integer({ min: 1, max: 255 }),
      size: fc.integer({ min: 1, max: bytes.length }),
    });
    fc.assert(
      fc.property(damage, ({ at, flip, size }) => {
        const damaged = Buffer.from(bytes);
        damaged.writeUInt8((bytes[at] ?? 0) ^ flip, at);
        const stream = new AwsEventStream();
        const found: AwsEvent[] = [];
        for (let from = 0; from < damaged.length; from += size) {
          found.push(...stream.push(damaged.subarray(from, from + size)));
        }
        expect(stream.broken).toBe(true);
        expect(found).toEqual(expected.slice(0, found.length));
        expect(found.length).toBeLessThan(expected.length);
        expect(stream.push(bytes)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    { name: "longer than any message is", length: 16 * 1024 * 1024 + 1 },
    { name: "shorter than an empty message", length: 15 },
    { name: "of the prelude alone", length: 12 },
  ])("is broken by a length $name", ({ length }) => {
    // The checksum of these eight bytes is right, so that it is the length that is refused.
    const prelude = Buffer.alloc(8);
    prelude.writeUInt32BE(length, 0);
    const intact = event("x", "");
    const stream = new AwsEventStream();
    stream.push(Buffer.concat([prelude, crcOf(prelude), intact]));
    expect(stream.broken).toBe(true);
  });
});

function crcOf(prelude: Buffer): Buffer {
  let crc = 0xffffffff;
  for (const byte of prelude) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  const out = Buffer.alloc(4);
  out.writeUInt32BE(~crc >>> 0);
  return out;
}
