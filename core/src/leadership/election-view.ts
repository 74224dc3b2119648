import type {
  ElectionSettings,
  ElectionState,
  Holder,
  Observation,
  Step,
} from "./election-state.ts";
import { chain, failed, stay } from "./election-step.ts";
import { claimSoon, depose, release, standBack, win } from "./election-tenure.ts";

/** Ask how the key is now, if it is time to and nobody is asking. */
export function readInTime(state: ElectionState, nowMs: number): Step {
  const { view } = state;
  if (view.reading || nowMs < view.readAtMs) return stay(state);
  const id = view.nextId;
  const reading = { id, floor: view.revision };
  const next = { ...view, reading, readAtMs: Infinity, nextId: id + 1 };
  return stay({ ...state, view: next }, { type: "read", id });
}

export function readDone(
  state: ElectionState,
  settings: ElectionSettings,
  { observed, nowMs }: { readonly observed: Observation; readonly nowMs: number },
): Step {
  const { reading } = state.view;
  if (reading?.id !== observed.id) return stay(state);
  // Jitter, lest all candidates ask at once for ever.
  const checkAtMs = nowMs + settings.ttlMs * (0.75 + settings.random() / 2);
  // It may be due sooner, for something that happened since this read was sent.
  const readAtMs = Math.min(state.view.readAtMs, checkAtMs);
  const view = { ...state.view, reading: undefined, readAtMs };
  const step =
    observed.revision < reading.floor
      ? startOver({ ...state, view }, observed.revision, nowMs)
      : stay({ ...state, view });
  return chain(
    chain(step, (next) => watchFrom(next, observed.revision)),
    (next) => observe(next, settings, { observed, nowMs }),
  );
}

export function readFailed(
  state: ElectionState,
  settings: ElectionSettings,
  { id, nowMs }: { readonly id: number; readonly nowMs: number },
): Step {
  if (state.view.reading?.id !== id) return stay(state);
  const view = { ...state.view, reading: undefined };
  return stay(failed({ ...state, view }, settings, nowMs));
}

export function watchChanged(
  state: ElectionState,
  settings: ElectionSettings,
  { observed, nowMs }: { readonly observed: Observation; readonly nowMs: number },
): Step {
  if (state.view.watchId !== observed.id) return stay(state);
  return observe(state, settings, { observed, nowMs });
}

export function watchLost(
  state: ElectionState,
  settings: ElectionSettings,
  { id, nowMs }: { readonly id: number; readonly nowMs: number },
): Step {
  if (state.view.watchId !== id) return stay(state);
  const view = { ...state.view, watchId: undefined };
  return stay(failed({ ...state, view }, settings, nowMs));
}

/** Revisions went back: what we knew, and what we held, was of another store. */
function startOver(state: ElectionState, revision: number, nowMs: number): Step {
  const view = { ...state.view, holder: undefined, revision, watchId: undefined };
  return depose({ ...state, view }, "the store was replaced", nowMs);
}

/** A read that finds the watch still standing is the proof that the store can be used. */
function watchFrom(state: ElectionState, revision: number): Step {
  const { view, tenure } = state;
  if (view.watchId !== undefined) {
    const failures = tenure.type === "doubtful" || view.holder === undefined ? view.failures : 0;
    return stay({ ...state, view: { ...view, failures } });
  }
  const id = view.nextId;
  const next = { ...view, watchId: id, nextId: id + 1 };
  return stay({ ...state, view: next }, { type: "watch", id, from: revision + 1 });
}

/** The key is, or was, so at that revision. What is older than what we know says nothing. */
function observe(
  state: ElectionState,
  settings: ElectionSettings,
  { observed, nowMs }: { readonly observed: Observation; readonly nowMs: number },
): Step {
  const { revision, holder } = observed;
  if (revision < state.view.revision) return stay(state);
  const seen = { ...state, view: { ...state.view, revision, holder } };
  const judged = judge(seen, settings, { holder, nowMs });
  return chain(judged, (next) => {
    if (holder === undefined) return claimSoon(next, settings, nowMs);
    const leftover = holder.instance === settings.instance && next.tenure.type === "none";
    return leftover ? removeOwn(next, holder) : standBack(next);
  });
}

/** What the holder of the key means for what we claim or hold. */
function judge(
  state: ElectionState,
  settings: ElectionSettings,
  { holder, nowMs }: { readonly holder: Holder | undefined; readonly nowMs: number },
): Step {
  const { tenure } = state;
  const isOurs = holder?.instance === settings.instance && holder.attempt === state.tenure.attempt;
  switch (tenure.type) {
    case "leading":
      if (holder?.epoch === tenure.epoch) return stay(state);
      return depose(state, holder ? "another took the key" : "the key is gone", nowMs);
    case "claiming":
      return isOurs ? win(state, settings, holder.epoch, nowMs) : stay(state);
    case "doubtful":
      return isOurs ? win(state, settings, holder.epoch, nowMs) : release(state);
    case "none":
      return stay(state);
  }
}

/** One of our own claims was done after we gave it up. Nobody acts under it. */
function removeOwn(state: ElectionState, { epoch }: Holder): Step {
  const step = standBack(state);
  return { ...step, effects: [...step.effects, { type: "remove", epoch }] };
}
