import { describe, expect, it } from "vitest";
import { anthropicHeaders } from "./anthropic-headers.ts";

const own = ["x-api-key", "sk", "anthropic-version", "2023-06-01"];

describe("anthropicHeaders()", () => {
  it.each([
    {
      name: "the client's version",
      client: { "anthropic-version": "2026-10-21" },
      version: "",
      sent: "2026-10-21",
    },
    {
      name: "the operator's version, which wins",
      client: { "anthropic-version": "2026-10-21" },
      version: "2023-06-01",
      sent: "2023-06-01",
    },
    {
      name: "our version for one that is none",
      client: { "anthropic-version": "x\r\ny" },
      version: "",
      sent: "2023-06-01",
    },
    { name: "our version where none is asked for", client: {}, version: "", sent: "2023-06-01" },
  ])("sends $name", ({ client, version, sent }) => {
    expect(anthropicHeaders(own, client, version)).toEqual([...own.slice(0, 3), sent]);
  });

  it.each([
    ["files-api-2025-04-14", true],
    ["a-2025,b-2025 , c-2025", true],
    ["", false],
    ["a b", false],
    ["x".repeat(65), false],
    ["evil\r\nx-api-key: y", false],
  ])("passes on the betas %j: %s", (beta, passed) => {
    const sent = anthropicHeaders(own, { "anthropic-beta": beta }, "");
    expect(sent.slice(4)).toEqual(passed ? ["anthropic-beta", beta] : []);
  });

  it("passes nothing else of the client's on", () => {
    const client = {
      "x-api-key": "sk-client",
      authorization: "Bearer x",
      "anthropic-dangerous": "1",
    };
    expect(anthropicHeaders(own, client, "")).toEqual(own);
  });
});
