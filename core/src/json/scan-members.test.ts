import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Member, scanMembers } from "./scan-members.ts";

describe("scanMembers()", () => {
  it("tells where each top-level value stands, and its type", () => {
    const text =
      ' {"model" : "gpt\\"4", "n":-1.5e+3,"a":[{"model":1},[]],"o":{},"t":true,"z":null} ';
    expect(values(text)).toEqual({
      model: ["string", '"gpt\\"4"'],
      n: ["number", "-1.5e+3"],
      a: ["array", '[{"model":1},[]]'],
      o: ["object", "{}"],
      t: ["boolean", "true"],
      z: ["null", "null"],
    });
  });

  it("reads an escaped key as the key it is", () => {
    expect(values('{"mod\\u0065l":"x"}')).toEqual({ model: ["string", '"x"'] });
  });

  it.each([
    ["", "expected a JSON object, but the text ends"],
    ["[]", "expected a JSON object"],
    ["nul", "expected a JSON object"],
    ["{", "expected a key in double quotes, but the text ends"],
    ['{"a"', "expected ':', but the text ends"],
    ['{"a":', "expected a value, but the text ends"],
    ['{"a":1', "expected ',' or '}', but the text ends"],
    ['{"a":1,}', "expected a key in double quotes"],
    ['{"a":01}', "expected ',' or '}'"],
    ['{"a":1.}', "bad number"],
    ['{"a":-}', "bad number"],
    ['{"a":+1}', "expected a value"],
    ['{"a":NaN}', "expected a value"],
    ['{"a":tru}', "expected true"],
    ["{'a':1}", "expected a key in double quotes"],
    ['{"a":"x}', "string without an end"],
    ['{"a":"x\\"}', "string without an end"],
    ['{"a":[1,]}', "expected a value"],
    ['{"a":[1 2]}', "expected ',' or ']'"],
    ['{"a":{"b" 1}}', "expected ':'"],
    ['{"a":[}', "expected a value"],
    ['{"a":[{]}', "expected a key in double quotes"],
    ['{"a":1}}', "unexpected text after the JSON object"],
    ['{"a":1,"\\u0061":2}', 'duplicate key "a"'],
    [`{"a":${"[".repeat(600)}${"]".repeat(600)}}`, "nested deeper than 512 levels"],
  ])("refuses %s", (text, message) => {
    expect(scanMembers(Buffer.from(text))).toMatchObject({ ok: false, message });
  });

  it("agrees with JSON.parse on every object it can write, however it is spaced", () => {
    const spacings = fc.constantFrom(undefined, 1, "\t", " \r\n");
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), spacings, (object, spacing) => {
        const text = JSON.stringify(object, null, spacing);
        const found = Object.entries(values(text)).map(([key, [, raw]]) => [key, JSON.parse(raw)]);
        expect(Object.fromEntries(found)).toEqual(JSON.parse(text));
      }),
    );
  });

  it("refuses what JSON.parse refuses, when one byte outside strings is damaged", () => {
    const damage = fc.record({
      object: fc.dictionary(
        fc.stringMatching(/^[a-z]*$/),
        fc.jsonValue({ stringUnit: fc.constantFrom("a", "b") }),
      ),
      at: fc.nat(),
      byte: fc.constantFrom(..."{}[],:0 x"),
    });
    fc.assert(
      fc.property(damage, ({ object, at, byte }) => {
        const text = JSON.stringify(object);
        const damaged = text.slice(0, at % text.length) + byte + text.slice((at % text.length) + 1);
        const scanned = scanMembers(Buffer.from(damaged));
        if (scanned.ok) expect(() => JSON.parse(damaged)).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });

  it("finds the end of long strings with any number of backslashes before it", () => {
    fc.assert(
      fc.property(
        fc.nat(80),
        fc.array(fc.constantFrom("\\", '"', "a"), { maxLength: 90 }),
        (n, tail) => {
          const value = "x".repeat(n) + tail.join("");
          expect(values(JSON.stringify({ value }))).toEqual({
            value: ["string", JSON.stringify(value)],
          });
        },
      ),
    );
  });
});

function values(text: string): Record<string, [Member["type"], string]> {
  const bytes = Buffer.from(text);
  const result = scanMembers(bytes);
  if (!result.ok) throw new Error(`${result.message} at ${result.offset}`);
  return Object.fromEntries(
    [...result.members].map(([key, { type, start, end }]) => [
      key,
      [type, bytes.toString("utf8", start, end)],
    ]),
  );
}
