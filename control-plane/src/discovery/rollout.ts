/**
 * Which node of a build gets something new first, and when the others do. Pure decisions; what is
 * tried, and what comes of it, is the view's affair (build-view.ts).
 *
 *   idle --news--> trying --ACK--> soaking --holdMs--> approve --> idle
 *                    |  \--NACK, something held back--> trying (the same canary: it is prompt)
 *                    |  \--NACK, nothing to hold back--> refused, until something newer is published
 *                    |--late (2 s)--> trying another; the third one late: approve without proof
 *                    `--lost--> trying another; the third one lost: resting for a while, then idle
 *
 * What holds:
 * - One canary at a time. None is tried twice in one round while there are others.
 * - Nodes that are slow never hold up a change for longer than `triesMax * ackWaitMs`.
 * - A change is not given to all while canaries are lost on it: each rest costs three at most.
 */
export type Rollout =
  | { readonly phase: "idle" }
  | {
      readonly phase: "trying";
      readonly canary: string;
      readonly deadlineMs: number;
      /** In this round, the canary included. */
      readonly tried: ReadonlySet<string>;
      /** Of these, so many were late, and so many lost. */
      readonly late: number;
      readonly lost: number;
    }
  | { readonly phase: "soaking"; readonly canary: string; readonly untilMs: number }
  | { readonly phase: "refused"; readonly version: number }
  | { readonly phase: "resting"; readonly untilMs: number };

export interface RolloutTimes {
  /** How long a canary may take to answer. Default 2,000. */
  readonly ackWaitMs: number;
  /** How long an accepted change is watched before the others get it. Default 0. */
  readonly holdMs: number;
  /** How long a change rests that three canaries were lost on. Default 10,000. */
  readonly restMs: number;
}

export const defaultRolloutTimes: RolloutTimes = { ackWaitMs: 2_000, holdMs: 0, restMs: 10_000 };

const triesMax = 3;

export interface Candidate {
  readonly id: string;
  /** Nothing is in flight to it. */
  readonly isSettled: boolean;
  /** It was late the last time it was a canary. */
  readonly isSlow: boolean;
}

export type RolloutEvent =
  /** Something may have changed: news, nodes, the time. */
  | { readonly type: "look" }
  | { readonly type: "acked" }
  /** `version`: of the cache, when the canary was sent what it refused. */
  | { readonly type: "refused"; readonly heldAny: boolean; readonly version: number };

/** What decisions need to know beside the event. */
export interface RolloutScene {
  readonly nowMs: number;
  readonly publishedVersion: number;
  /** Something published is neither approved nor held back. */
  readonly hasNews: boolean;
  /** Those connected, longest first. Asked for only when a canary is chosen. */
  readonly candidates: () => Iterable<Candidate>;
  readonly isConnected: (id: string) => boolean;
  readonly times: RolloutTimes;
}

export type RolloutEffect =
  | { readonly type: "none" }
  | { readonly type: "try"; readonly canary: string }
  | { readonly type: "approve"; readonly isProven: boolean }
  | { readonly type: "rest" }
  | { readonly type: "refuse" };

export interface RolloutStep {
  readonly state: Rollout;
  readonly effect: RolloutEffect;
}

export const idleRollout: Rollout = { phase: "idle" };

type Trying = Extract<Rollout, { phase: "trying" }>;

const nothing: RolloutEffect = { type: "none" };
const freshRound = { tried: new Set<string>(), late: 0, lost: 0 };

export function nextRollout(state: Rollout, event: RolloutEvent, scene: RolloutScene): RolloutStep {
  if (event.type === "look") return look(state, scene);
  if (state.phase !== "trying") return stay(state);
  if (event.type === "acked") return accepted(state, scene);
  if (event.heldAny) return scene.hasNews ? tryNode(state.canary, state, scene) : becomeIdle();
  const refused: Rollout = { phase: "refused", version: event.version };
  return { state: refused, effect: { type: "refuse" } };
}

function look(state: Rollout, scene: RolloutScene): RolloutStep {
  switch (state.phase) {
    case "idle":
      return scene.hasNews ? tryNext(freshRound, scene) : stay(state);
    case "refused":
      return scene.publishedVersion > state.version ? look(idleRollout, scene) : stay(state);
    case "resting":
      return scene.nowMs >= state.untilMs ? look(idleRollout, scene) : stay(state);
    case "soaking":
      if (!scene.isConnected(state.canary)) return tryNext({ ...freshRound, lost: 1 }, scene);
      return scene.nowMs >= state.untilMs ? approve(true) : stay(state);
    case "trying":
      return watchCanary(state, scene);
  }
}

function watchCanary(state: Trying, scene: RolloutScene): RolloutStep {
  if (!scene.hasNews) return becomeIdle();
  const { late, lost } = state;
  if (!scene.isConnected(state.canary)) return tryNext({ ...state, lost: lost + 1 }, scene);
  if (scene.nowMs < state.deadlineMs) return stay(state);
  return tryNext({ ...state, late: late + 1 }, scene);
}

function accepted({ canary }: Trying, { nowMs, times }: RolloutScene): RolloutStep {
  if (times.holdMs <= 0) return approve(true);
  return { state: { phase: "soaking", canary, untilMs: nowMs + times.holdMs }, effect: nothing };
}

type Round = Pick<Trying, "tried" | "late" | "lost">;

function tryNext(round: Round, scene: RolloutScene): RolloutStep {
  if (round.late >= triesMax) return approve(false);
  if (round.lost >= triesMax) {
    const untilMs = scene.nowMs + scene.times.restMs;
    return { state: { phase: "resting", untilMs }, effect: { type: "rest" } };
  }
  const canary = choose(round.tried, scene.candidates());
  return canary === undefined ? becomeIdle() : tryNode(canary, round, scene);
}

function tryNode(canary: string, round: Round, { nowMs, times }: RolloutScene): RolloutStep {
  const { late, lost } = round;
  const tried = new Set(round.tried).add(canary);
  const deadlineMs = nowMs + times.ackWaitMs;
  return {
    state: { phase: "trying", canary, deadlineMs, tried, late, lost },
    effect: { type: "try", canary },
  };
}

/** The longest connected of those that will answer soonest. One that was tried, if there is no other. */
function choose(tried: ReadonlySet<string>, candidates: Iterable<Candidate>): string | undefined {
  let best: { id: string; rank: number } | undefined;
  for (const { id, isSettled, isSlow } of candidates) {
    const rank = (tried.has(id) ? 4 : 0) + (isSlow ? 2 : 0) + (isSettled ? 0 : 1);
    if (rank === 0) return id;
    if (best === undefined || rank < best.rank) best = { id, rank };
  }
  return best?.id;
}

function approve(isProven: boolean): RolloutStep {
  return { state: idleRollout, effect: { type: "approve", isProven } };
}

function becomeIdle(): RolloutStep {
  return stay(idleRollout);
}

function stay(state: Rollout): RolloutStep {
  return { state, effect: nothing };
}
