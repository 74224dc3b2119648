import { describe, expect, it } from "vitest";
import { guessFileKind } from "./guess-file-kind.ts";

describe("guessFileKind()", () => {
  it.each([
    { text: "providers: []", kind: "resources" },
    { text: "", kind: "resources" },
    { text: "{{{", kind: "resources" },
    { text: "- a", kind: "resources" },
    { text: "listen: {admin: 127.0.0.1:8081}", kind: "control-plane" },
    { text: "region: eu\nstore: {embedded: {}}", kind: "control-plane" },
    { text: "listen: {proxy: 0.0.0.0:8080}", kind: "data-plane" },
    { text: "control_plane: {endpoints: []}", kind: "data-plane" },
    { text: "region: eu\nlisten: [proxy]", kind: "resources" },
  ] as const)("takes $text for $kind", ({ text, kind }) => {
    expect(guessFileKind(text)).toBe(kind);
  });
});
