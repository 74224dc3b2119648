import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { plannedPauseMs } from "./planned-pause.ts";

describe("plannedPauseMs()", () => {
  it.each([
    { name: "at once, spread over half a second", asked: "0", pauseMs: 250 },
    { name: "as asked", asked: "1500", pauseMs: 1_750 },
    { name: "at most 30 s", asked: "999999999", pauseMs: 30_250 },
    { name: "not for what is no number", asked: "soon", pauseMs: undefined },
    { name: "not for what is negative", asked: "-5", pauseMs: undefined },
    { name: "not for what is empty", asked: "", pauseMs: undefined },
    { name: "not for what is too long", asked: "9".repeat(40), pauseMs: undefined },
    { name: "not where nothing is asked", asked: undefined, pauseMs: undefined },
  ])("pauses $name", ({ asked, pauseMs }) => {
    const metadata = asked === undefined ? {} : { "x-headgate-retry-after-ms": asked };
    const error = new ConnectError("bye", Code.Unavailable, metadata);
    expect(plannedPauseMs(error, () => 0.5)).toBe(pauseMs);
  });
});
