import type { ElectionEvent, ElectionSettings, ElectionState, Step } from "./election-state.ts";
import { chain, stay } from "./election-step.ts";
import {
  actInTime,
  claimFailed,
  claimLost,
  depose,
  deposeLate,
  fenceAfter,
  keepAliveDone,
  keepAliveFailed,
  release,
  tenureDueMs,
  win,
} from "./election-tenure.ts";
import { readDone, readFailed, readInTime, watchChanged, watchLost } from "./election-view.ts";

/** A candidate that has not started. */
export const initialElection: ElectionState = {
  running: false,
  view: {
    holder: undefined,
    revision: 0,
    reading: undefined,
    watchId: undefined,
    readAtMs: Infinity,
    failures: 0,
    nextId: 1,
  },
  tenure: { type: "none", claimAtMs: Infinity, attempt: 0 },
};

/**
 * One candidate's part in the election of a leader over a store with leases: a key that only the
 * leader holds, put under a lease of `ttlMs`. The revision that created it is the epoch.
 *
 * What holds, as long as no candidate's clock is slower than the store's by more than
 * `marginMs / ttlMs`, and nobody deletes the key by hand:
 * - At any time at most one candidate is leading (`isLeading`), by its own clock alone. A lease
 *   lasts `ttlMs` from when the store got a request; the candidate counts from when it sent it.
 * - Later leaders have greater epochs.
 * - Who is past its fence once never leads under that epoch again.
 *
 * Whatever clocks do: a write under the condition that the key's create revision is the epoch is
 * done by the holder of the key or not at all.
 *
 * Sources: C. Gray and D. Cheriton, "Leases", SOSP 1989;
 * https://etcd.io/docs/v3.5/learning/why/#notes-on-the-usage-of-lock-and-lease
 */
export function stepElection(
  settings: ElectionSettings,
  { state, event, nowMs }: ElectionInput,
): Step {
  if (event.type === "start") return start(state, nowMs);
  if (!state.running) return stay(state);
  const late = deposeLate(state, settings, nowMs);
  if (event.type === "stop") return chain(late, (next) => stop(next, nowMs));
  const handled = chain(late, (next) => handle(settings, { state: next, event, nowMs }));
  const acted = chain(handled, (next) => actInTime(next, settings, nowMs));
  return chain(acted, (next) => readInTime(next, nowMs));
}

export interface ElectionInput {
  readonly state: ElectionState;
  readonly event: ElectionEvent;
  /** Monotonic, no later than when the effects are begun. */
  readonly nowMs: number;
}

/** True while it may act. Ask at the moment of acting. */
export function isLeading(
  { tenure }: ElectionState,
  settings: ElectionSettings,
  nowMs: number,
): boolean {
  return tenure.type === "leading" && nowMs < fenceAfter(tenure.keptMs, settings);
}

/** When to send the next "tick"; Infinity if only an answer can change anything. */
export function electionDueMs(state: ElectionState, settings: ElectionSettings): number {
  if (!state.running) return Infinity;
  const readAtMs = state.view.reading ? Infinity : state.view.readAtMs;
  return Math.min(readAtMs, tenureDueMs(state, settings));
}

function start(state: ElectionState, nowMs: number): Step {
  if (state.running) return stay(state);
  return readInTime({ ...state, running: true, view: { ...state.view, readAtMs: nowMs } }, nowMs);
}

function stop(state: ElectionState, nowMs: number): Step {
  const resigned =
    state.tenure.type === "leading" ? depose(state, "stopped", nowMs) : release(state);
  return chain(resigned, (next) => stay({ ...next, running: false }, { type: "unwatch" }));
}

function handle(settings: ElectionSettings, { state, event, nowMs }: ElectionInput): Step {
  switch (event.type) {
    case "read-done":
      return readDone(state, settings, { observed: event, nowMs });
    case "read-failed":
      return readFailed(state, settings, { id: event.id, nowMs });
    case "watch-changed":
      return watchChanged(state, settings, { observed: event, nowMs });
    case "watch-lost":
      return watchLost(state, settings, { id: event.id, nowMs });
    case "claim-won":
      return ifAttempt(state, event.attempt, () => win(state, settings, event.revision, nowMs));
    case "claim-lost":
      return ifAttempt(state, event.attempt, () => claimLost(state, nowMs));
    case "claim-failed":
      return ifAttempt(state, event.attempt, () => claimFailed(state, settings, nowMs));
    case "keep-alive-done":
      return keepAliveDone(state, event);
    case "keep-alive-failed":
      return keepAliveFailed(state, settings, { attempt: event.attempt, nowMs });
    case "lease-gone":
      return ifAttempt(state, event.attempt, () => depose(state, "the lease is gone", nowMs));
    case "refuted":
      return state.tenure.type === "leading" && state.tenure.epoch === event.epoch
        ? depose(state, "another took the key", nowMs)
        : stay(state);
    case "start":
    case "stop":
    case "tick":
      return stay(state);
  }
}

/** Answers to what was given up say nothing about what came after. */
function ifAttempt(state: ElectionState, attempt: number, step: () => Step): Step {
  return state.tenure.attempt === attempt ? step() : stay(state);
}
