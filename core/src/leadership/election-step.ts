import { fullJitterMs } from "../resilience/full-jitter.ts";
import type { ElectionEffect, ElectionSettings, ElectionState, Step } from "./election-state.ts";

export function stay(state: ElectionState, ...effects: readonly ElectionEffect[]): Step {
  return { state, effects };
}

/** Do one thing after another, keeping the effects of both. */
export function chain(step: Step, next: (state: ElectionState) => Step): Step {
  const { state, effects } = next(step.state);
  return { state, effects: [...step.effects, ...effects] };
}

const pauseMinMs = 50;
const pauseBaseMs = 100;
const pauseMaxMs = 2_000;

/** Before the store is asked again: 50 ms to 2 s, so that an outage costs it and the log little. */
export function pauseMs(failures: number, { random }: ElectionSettings): number {
  const jitter = { attempt: failures, baseMs: pauseBaseMs, maxMs: pauseMaxMs - pauseMinMs, random };
  return pauseMinMs + fullJitterMs(jitter);
}

/** Read again no later than `atMs`. */
export function readBy(state: ElectionState, atMs: number): ElectionState {
  const readAtMs = Math.min(state.view.readAtMs, atMs);
  return { ...state, view: { ...state.view, readAtMs } };
}

/** Something that asked the store failed: try again after a pause that grows. */
export function failed(
  state: ElectionState,
  settings: ElectionSettings,
  nowMs: number,
): ElectionState {
  const { failures } = state.view;
  const counted = { ...state, view: { ...state.view, failures: failures + 1 } };
  return readBy(counted, nowMs + pauseMs(failures, settings));
}
