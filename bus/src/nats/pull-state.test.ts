import { describe, expect, it } from "vitest";
import { afterEvent, isSilent, type PullEvent, type PullState, wanted } from "./pull-state.ts";

const idle: PullState = { askedFor: 0, heardMs: 0 };

describe("state of a pull", () => {
  it.each([
    { name: "all when none wait", askedFor: 0, waiting: 0, wants: 10 },
    { name: "the rest when half wait", askedFor: 0, waiting: 5, wants: 5 },
    { name: "none when more wait", askedFor: 0, waiting: 6, wants: 0 },
    { name: "none while some are to come", askedFor: 1, waiting: 0, wants: 0 },
  ])("wants $name", ({ askedFor, waiting, wants }) => {
    expect(wanted({ askedFor, heardMs: 0 }, waiting, 10)).toBe(wants);
  });

  it("wants one at a time without room ahead", () => {
    expect([wanted(idle, 0, 1), wanted(idle, 1, 1)]).toEqual([1, 0]);
  });

  it.each<{ name: string; event: PullEvent; askedFor: number; isLost: boolean }>([
    { name: "a message", event: { kind: "message" }, askedFor: 4, isLost: false },
    { name: "a sign of life", event: status(100, "Idle Heartbeat"), askedFor: 5, isLost: false },
    { name: "the end of time", event: status(408, "Request Timeout"), askedFor: 0, isLost: false },
    {
      name: "a change of leaders",
      event: status(409, "Leadership Change"),
      askedFor: 0,
      isLost: false,
    },
    {
      name: "the consumer's end",
      event: status(409, "Consumer Deleted"),
      askedFor: 0,
      isLost: true,
    },
    { name: "nobody there", event: status(503, ""), askedFor: 0, isLost: true },
  ])("after $name", ({ event, askedFor, isLost }) => {
    const after = afterEvent({ askedFor: 5, heardMs: 0 }, event, 7);
    expect(after).toEqual({ state: { askedFor, heardMs: 7 }, isLost });
  });

  it("is not below none when more come than asked for", () => {
    expect(afterEvent(idle, { kind: "message" }, 1).state.askedFor).toBe(0);
  });

  it("is silent after three missing signs of life, if it was asked", () => {
    expect(isSilent({ askedFor: 1, heardMs: 100 }, 399, 100)).toBe(false);
    expect(isSilent({ askedFor: 1, heardMs: 100 }, 400, 100)).toBe(true);
    expect(isSilent({ askedFor: 0, heardMs: 100 }, 400, 100)).toBe(false);
  });
});

function status(code: number, description: string): PullEvent {
  return { kind: "status", code, description };
}
