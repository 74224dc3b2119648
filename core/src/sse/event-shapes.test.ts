import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventShapes } from "./event-shapes.ts";

const event = (content: string, more = "null") =>
  `data: {"choices":[{"delta":{"content":${JSON.stringify(content)}},"finish_reason":${more}}]}\n\n`;
const mended = (content: string) => event(content).replace("data: {", 'data: {"object":"chunk",');

describe("EventShapes", () => {
  it("knows what differs in nothing but its text, whatever that is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (one, other) => {
        const shapes = new EventShapes();
        shapes.learn(event(one));
        expect(shapes.apply(event(other))).toBe(event(other));
        expect(shapes.apply(event(other) + event(one))).toBe(event(other) + event(one));
      }),
    );
  });

  it("does to others what was done to one", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        const shapes = new EventShapes();
        shapes.learn(event(one), mended(one));
        shapes.learn(event("", '"none"'));
        const text = event(other) + event(one, '"none"') + event(other);
        expect(shapes.apply(text)).toBe(mended(other) + event(one, '"none"') + mended(other));
      }),
    );
  });

  it.each([
    { name: "another shape", text: event("a", '"stop"') },
    { name: "another shape behind a known one", text: event("a") + event("b", '"stop"') },
    { name: "a text that does not end", text: event("a").slice(0, 40) },
    { name: "an event that does not end", text: event("a").slice(0, -1) },
    { name: "another member in the text's place", text: event("a").replace('"a"', '"a","b":1') },
    { name: "an escaped quote before the end", text: event("a").replace('"a"', '"a\\"') },
  ])("does not know $name", ({ text }) => {
    const shapes = new EventShapes();
    shapes.learn(event("x"));
    expect(shapes.apply(text)).toBeUndefined();
  });

  it("learns nothing of an event whose text was changed", () => {
    const shapes = new EventShapes();
    shapes.learn(event("x"), event("y"));
    expect(shapes.apply(event("x"))).toBeUndefined();
  });

  it("forgets", () => {
    const shapes = new EventShapes();
    shapes.learn(event("x"));
    shapes.forget();
    expect(shapes.apply(event("x"))).toBeUndefined();
  });

  it("remembers the last few, and gives up where none is like another", () => {
    const shapes = new EventShapes();
    for (let i = 0; i < 100; i++) shapes.learn(event("x", `"${i}"`));
    expect(shapes.apply(event("x", '"63"'))).toBeDefined();
    expect(shapes.apply(event("x", '"60"'))).toBeDefined();
    expect(shapes.apply(event("x", '"59"'))).toBeUndefined();
    expect(shapes.apply(event("x", '"99"'))).toBeUndefined();
  });
});
