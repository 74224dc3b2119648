import type {
  DepositionReason,
  ElectionSettings,
  ElectionState,
  Leading,
  Step,
  Tenure,
} from "./election-state.ts";
import { failed, pauseMs, readBy, stay } from "./election-step.ts";

/** Candidates that see the key go do not all claim it in the same instant. */
const staggerMaxMs = 50;
/** Two may be lost, and the third still comes before the fence. */
export const keepAlivesPerTerm = 3;

/** From here on a tenure whose lease began at `sinceMs` or later must not act. */
export function fenceAfter(sinceMs: number, { ttlMs, marginMs }: ElectionSettings): number {
  return sinceMs + ttlMs - marginMs;
}

/** Nobody holds the key: claim it soon, unless that is under way. */
export function claimSoon(state: ElectionState, settings: ElectionSettings, nowMs: number): Step {
  const { tenure } = state;
  if (tenure.type !== "none" || tenure.claimAtMs !== Infinity) return stay(state);
  const claimAtMs = nowMs + settings.random() * staggerMaxMs;
  return stay({ ...state, tenure: { ...tenure, claimAtMs } });
}

/** Another holds it: no claim. */
export function standBack(state: ElectionState): Step {
  const { tenure } = state;
  if (tenure.type !== "none") return stay(state);
  return stay({ ...state, tenure: { ...tenure, claimAtMs: Infinity } });
}

export function claim(state: ElectionState, nowMs: number): Step {
  const attempt = state.tenure.attempt + 1;
  const tenure: Tenure = { type: "claiming", attempt, sentMs: nowMs };
  return stay({ ...state, tenure }, { type: "claim", attempt });
}

/**
 * The key is ours since `epoch`. The lease began after we asked for it; if that is too long ago,
 * the key may be gone by now, and we have not won.
 */
export function win(
  state: ElectionState,
  settings: ElectionSettings,
  epoch: number,
  nowMs: number,
): Step {
  const { tenure, view } = state;
  if (tenure.type !== "claiming" && tenure.type !== "doubtful") return stay(state);
  if (nowMs >= fenceAfter(tenure.sentMs, settings)) {
    return release(failed(state, settings, nowMs));
  }
  const leading: Leading = {
    type: "leading",
    attempt: tenure.attempt,
    epoch,
    keptMs: tenure.sentMs,
    keepAliveAtMs: tenure.sentMs + settings.ttlMs / keepAlivesPerTerm,
    failures: 0,
  };
  const revision = Math.max(view.revision, epoch);
  const won = { ...state, tenure: leading, view: { ...view, revision, failures: 0 } };
  return stay(won, { type: "elected", epoch });
}

/** Another was faster: see who. */
export function claimLost(state: ElectionState, nowMs: number): Step {
  if (state.tenure.type !== "claiming" && state.tenure.type !== "doubtful") return stay(state);
  return release(readBy(state, nowMs));
}

/** It may have been done all the same: the next look at the key tells. */
export function claimFailed(state: ElectionState, settings: ElectionSettings, nowMs: number): Step {
  if (state.tenure.type !== "claiming") return stay(state);
  const doubtful = { ...state.tenure, type: "doubtful" as const };
  return stay(failed({ ...state, tenure: doubtful }, settings, nowMs));
}

/** Give up what was claimed, and be an ordinary candidate again. */
export function release(state: ElectionState): Step {
  const { attempt, type } = state.tenure;
  if (type === "none") return stay(state);
  const tenure: Tenure = { type: "none", claimAtMs: Infinity, attempt };
  return stay({ ...state, tenure }, { type: "release", attempt });
}

/** No longer the leader, whatever happens next; look at once who is. */
export function depose(state: ElectionState, reason: DepositionReason, nowMs: number): Step {
  if (state.tenure.type !== "leading") return stay(state);
  const { epoch } = state.tenure;
  const released = release(readBy(state, nowMs));
  return { ...released, effects: [{ type: "deposed", epoch, reason }, ...released.effects] };
}

/** Time comes before events: an answer that arrives past the fence does not bring anything back. */
export function deposeLate(state: ElectionState, settings: ElectionSettings, nowMs: number): Step {
  const { tenure } = state;
  if (tenure.type !== "leading" || nowMs < fenceAfter(tenure.keptMs, settings)) return stay(state);
  return depose(state, "not renewed in time", nowMs);
}

export function keepAliveDone(
  state: ElectionState,
  { attempt, sentMs }: { readonly attempt: number; readonly sentMs: number },
): Step {
  const { tenure } = state;
  if (tenure.type !== "leading" || tenure.attempt !== attempt) return stay(state);
  const keptMs = Math.max(tenure.keptMs, sentMs);
  return stay({ ...state, tenure: { ...tenure, keptMs, failures: 0 } });
}

export function keepAliveFailed(
  state: ElectionState,
  settings: ElectionSettings,
  { attempt, nowMs }: { readonly attempt: number; readonly nowMs: number },
): Step {
  const { tenure } = state;
  if (tenure.type !== "leading" || tenure.attempt !== attempt) return stay(state);
  const retryAtMs = nowMs + pauseMs(tenure.failures, settings);
  const keepAliveAtMs = Math.min(tenure.keepAliveAtMs, retryAtMs);
  return stay({ ...state, tenure: { ...tenure, keepAliveAtMs, failures: tenure.failures + 1 } });
}

/** Claim, or keep the lease alive, if it is time to. */
export function actInTime(state: ElectionState, settings: ElectionSettings, nowMs: number): Step {
  const { tenure } = state;
  if (tenure.type === "none" && nowMs >= tenure.claimAtMs) return claim(state, nowMs);
  if (tenure.type !== "leading" || nowMs < tenure.keepAliveAtMs) return stay(state);
  const keepAliveAtMs = nowMs + settings.ttlMs / keepAlivesPerTerm;
  const { attempt } = tenure;
  return stay(
    { ...state, tenure: { ...tenure, keepAliveAtMs } },
    { type: "keep-alive", attempt, sentMs: nowMs },
  );
}

/** The next time that something is due for the tenure. */
export function tenureDueMs({ tenure }: ElectionState, settings: ElectionSettings): number {
  if (tenure.type === "none") return tenure.claimAtMs;
  if (tenure.type !== "leading") return Infinity;
  return Math.min(tenure.keepAliveAtMs, fenceAfter(tenure.keptMs, settings));
}
