import { describe, expect, it } from "vitest";
import { readRequest } from "./read-request.ts";

const messages = [{ role: "user", content: "Hi" }];

describe("readRequest()", () => {
  it("reads the functions of before there were tools as tools, and holds nothing of them beside", () => {
    const read = readRequest({
      messages,
      functions: [{ name: "f", parameters: { type: "object" } }],
      function_call: { name: "f" },
      metadata: { a: "b" },
    });
    expect(read.tools).toEqual([{ type: "function", name: "f", parameters: { type: "object" } }]);
    expect(read.toolChoice).toEqual({ type: "function", name: "f" });
    expect(read.more.members).toEqual({ metadata: { a: "b" } });
  });

  it("reads absent functions as a request with tools", () => {
    const plain = readRequest({ messages });
    expect(readRequest({ messages, functions: null, function_call: null })).toEqual(plain);
    expect(plain).not.toHaveProperty("asksWithFunctions");
  });
});
