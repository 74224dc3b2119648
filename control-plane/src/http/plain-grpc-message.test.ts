import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mendGrpcMessage } from "./plain-grpc-message.ts";

describe("mendGrpcMessage()", () => {
  it.each([
    ["plain words", "plain words"],
    ["a%2C b%3A c%2Fd %40", "a, b: c/d @"],
    ["one%0Atwo", "one%0Atwo"],
    ["100%25", "100%25"],
    ["%252C", "%252C"],
    ["caf%C3%A9", "caf%C3%A9"],
    ["del%7F", "del%7F"],
    ["", ""],
  ])("makes of %j: %j", (encoded, expected) => {
    expect(mendGrpcMessage(encoded)).toBe(expected);
  });

  it("changes no message, whichever way it is decoded", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (message) => {
        const mended = mendGrpcMessage(encodeURIComponent(message));
        expect(mended).toMatch(/^[\x20-\x7e]*$/);
        expect(decodeURIComponent(mended)).toBe(message);
        expect(decodeURI(mended)).toBe(message);
      }),
    );
  });
});
