import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { writeFailure } from "./write-failure.ts";

describe("writeFailure()", () => {
  it.each([
    {
      name: "an answer that was never given",
      error: new ConnectError("late", Code.DeadlineExceeded),
      failure: { outcome: "unknown", code: "DEADLINE_EXCEEDED" },
    },
    {
      name: "a store that is away, in doubt",
      error: new ConnectError("it may or may not have been written", Code.Unavailable),
      failure: { outcome: "unknown", code: "UNAVAILABLE" },
    },
    {
      name: "a store that is away, and surely was not written to",
      error: new ConnectError("no answer from etcd; nothing was written", Code.Unavailable),
      failure: { outcome: "refused", code: "UNAVAILABLE" },
    },
    {
      name: "a store that is full",
      error: new ConnectError("no room", Code.ResourceExhausted),
      failure: { outcome: "refused", code: "RESOURCE_EXHAUSTED" },
    },
    {
      name: "nobody who listens",
      error: Object.assign(new Error("connect"), { code: "ECONNREFUSED" }),
      failure: { outcome: "refused", code: "no listener" },
    },
    {
      name: "a connection that broke",
      error: Object.assign(new Error("reset"), { code: "ECONNRESET" }),
      failure: { outcome: "unknown", code: "UNKNOWN" },
    },
  ])("tells what became of a write, from $name", ({ error, failure }) => {
    expect(writeFailure(error)).toEqual(failure);
  });
});
