import { describe, expect, it } from "vitest";
import { requestBody } from "./request-body.ts";

describe("requestBody", () => {
  it.each([300, 10_240, 409_600])("has exactly %d bytes", (bodyBytes) => {
    expect(requestBody({ model: "bench-paced", bodyBytes }).length).toBe(bodyBytes);
  });

  it.each([
    { chunks: undefined, stream: false, max_tokens: 1_024 },
    { chunks: 500, stream: true, max_tokens: 500 },
  ])("asks for $chunks chunks", ({ chunks, ...expected }) => {
    const shape = { model: "bench-paced", bodyBytes: 300 } as const;
    const body = requestBody(chunks === undefined ? shape : { ...shape, chunks });
    expect(JSON.parse(body.toString())).toMatchObject(expected);
  });

  it("is as small as it can be when asked for less", () => {
    expect(requestBody({ model: "bench-paced", bodyBytes: 1 }).length).toBeLessThan(150);
  });
});
