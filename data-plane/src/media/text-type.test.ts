import { expect, it } from "vitest";
import { isTextType } from "./text-type.ts";

it.each([
  ["text/csv", true],
  ["application/json", true],
  ["application/ld+json; charset=utf-8", true],
  ["image/svg+xml", true],
  ["application/x-yaml", true],
  ["application/pdf", false],
  ["application/x-text/plain", false],
  ["image/png", false],
  ["", false],
])("%s is text: %s", (mediaType, expected) => {
  expect(isTextType(mediaType)).toBe(expected);
});
