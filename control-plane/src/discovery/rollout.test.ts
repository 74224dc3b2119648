import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Candidate,
  defaultRolloutTimes,
  idleRollout,
  nextRollout,
  type Rollout,
  type RolloutEvent,
  type RolloutScene,
} from "./rollout.ts";

const look: RolloutEvent = { type: "look" };
const acked: RolloutEvent = { type: "acked" };

describe("nextRollout()", () => {
  it.each([
    { name: "nothing new", hasNews: false, candidates: [node("a")], canary: undefined },
    { name: "no node", candidates: [], canary: undefined },
    { name: "one node: itself", candidates: [node("a")], canary: "a" },
    { name: "the longest connected", candidates: [node("a"), node("b")], canary: "a" },
    { name: "rather one that is free", candidates: [busy("a"), node("b")], canary: "b" },
    { name: "rather one that was not slow", candidates: [slow("a"), node("b")], canary: "b" },
    {
      name: "rather one that is busy than one that was slow",
      candidates: [slow("a"), busy("b")],
      canary: "b",
    },
    { name: "a slow one, if there is no other", candidates: [slow("a")], canary: "a" },
  ])("chooses as canary of $name", ({ hasNews = true, candidates, canary }) => {
    const { state } = nextRollout(idleRollout, look, scene({ hasNews, candidates }));
    expect(state.phase === "trying" ? state.canary : undefined).toBe(canary);
  });

  it("tries three that are late, one after the other, then lets all have it without proof", () => {
    const { canaries, effect } = play((canary, ms) => ({
      ms: ms + 2_000,
      isGone: canary === "never",
    }));
    expect(canaries).toEqual(["a", "b", "c"]);
    expect(effect).toEqual({ type: "approve", isProven: false });
  });

  it("lets a change rest that three canaries were lost on, then tries again", () => {
    const { canaries, effect, state } = play((_, ms) => ({ ms, isGone: true }));
    expect(canaries).toEqual(["a", "b", "c"]);
    expect(effect).toEqual({ type: "rest" });
    const candidates = [node("e")];
    const before = nextRollout(state, look, scene({ candidates, nowMs: 9_999 }));
    expect(before.state).toBe(state);
    const after = nextRollout(state, look, scene({ candidates, nowMs: 10_000 }));
    expect(after.effect).toEqual({ type: "try", canary: "e" });
  });

  it("tries again at once with the same canary when something was held back", () => {
    const trying = nextRollout(
      idleRollout,
      look,
      scene({ candidates: [node("a"), node("b")] }),
    ).state;
    const refused: RolloutEvent = { type: "refused", heldAny: true, version: 5 };
    expect(nextRollout(trying, refused, scene({})).effect).toEqual({ type: "try", canary: "a" });
    expect(nextRollout(trying, refused, scene({ hasNews: false })).state).toEqual(idleRollout);
  });

  it("waits for the next change when a refusal says nothing that could be held back", () => {
    const trying = nextRollout(idleRollout, look, scene({ candidates: [node("a")] })).state;
    const refused: RolloutEvent = { type: "refused", heldAny: false, version: 5 };
    const { state, effect } = nextRollout(trying, refused, scene({}));
    expect(effect).toEqual({ type: "refuse" });
    const same = nextRollout(state, look, scene({ publishedVersion: 5, candidates: [node("a")] }));
    expect(same.state).toBe(state);
    const newer = nextRollout(state, look, scene({ publishedVersion: 6, candidates: [node("a")] }));
    expect(newer.effect).toEqual({ type: "try", canary: "a" });
  });

  it("watches what a canary has accepted for as long as it is told, and starts over if it is lost", () => {
    const times = { ...defaultRolloutTimes, holdMs: 30_000 };
    const candidates = [node("a"), node("b")];
    const trying = nextRollout(idleRollout, look, scene({ candidates, times })).state;
    const { state, effect } = nextRollout(trying, acked, scene({ times, nowMs: 100 }));
    expect(effect).toEqual({ type: "none" });
    expect(nextRollout(state, look, scene({ times, nowMs: 30_099 })).state).toBe(state);
    const after = nextRollout(state, look, scene({ times, nowMs: 30_100 }));
    expect(after.effect).toEqual({ type: "approve", isProven: true });
    const lost = nextRollout(state, look, scene({ times, candidates: [node("b")], nowMs: 200 }));
    expect(lost.effect).toEqual({ type: "try", canary: "b" });
  });

  it("never gives a change to all while its canaries are lost, whatever happens", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(4_000), { minLength: 1, maxLength: 100 }), (pauses) => {
        let state: Rollout = idleRollout;
        let nowMs = 0;
        let connected = 0;
        for (const pause of pauses) {
          nowMs += pause;
          // The canary is lost at once, and comes back under another id.
          connected += 1;
          const candidates = [node(`n${connected}`)];
          const step = nextRollout(state, look, scene({ candidates, nowMs }));
          expect(step.effect.type).not.toBe("approve");
          state = step.state;
        }
      }),
    );
  });

  it("holds up a change by slow nodes for three waits at most", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(500), { minLength: 40, maxLength: 100 }), (pauses) => {
        let state: Rollout = idleRollout;
        let nowMs = 0;
        let sinceMs: number | undefined;
        for (const pause of pauses) {
          nowMs += pause;
          const candidates = [busy("a"), busy("b")];
          const step = nextRollout(state, look, scene({ candidates, nowMs }));
          if (step.effect.type === "approve") return;
          state = step.state;
          if (state.phase === "trying") sinceMs ??= nowMs;
          expect(nowMs - (sinceMs ?? nowMs)).toBeLessThan(3 * 2_000 + 3 * 500);
        }
      }),
    );
  });
});

/** Look again and again, each time with the canary late or gone, until something else happens. */
function play(next: (canary: string, ms: number) => { ms: number; isGone: boolean }) {
  let candidates = [node("a"), node("b"), node("c"), node("d")];
  const canaries: string[] = [];
  let nowMs = 0;
  let step = nextRollout(idleRollout, look, scene({ candidates, nowMs }));
  while (step.effect.type === "try") {
    const { canary } = step.effect;
    canaries.push(canary);
    const { ms, isGone } = next(canary, nowMs);
    nowMs = ms;
    if (isGone) candidates = candidates.filter(({ id }) => id !== canary);
    step = nextRollout(step.state, look, scene({ candidates, nowMs }));
  }
  return { canaries, ...step };
}

function scene(
  parts: Partial<Omit<RolloutScene, "candidates">> & { readonly candidates?: readonly Candidate[] },
): RolloutScene {
  const candidates = parts.candidates ?? [node("a")];
  return {
    nowMs: 0,
    publishedVersion: 5,
    hasNews: true,
    isConnected: (id) => candidates.some((one) => one.id === id),
    times: defaultRolloutTimes,
    ...parts,
    candidates: () => candidates,
  };
}

function node(id: string): Candidate {
  return { id, isSettled: true, isSlow: false };
}

function busy(id: string): Candidate {
  return { ...node(id), isSettled: false };
}

function slow(id: string): Candidate {
  return { ...node(id), isSlow: true };
}
