/** What became of one attempt to append that was not acknowledged. */
export type AppendFailure =
  /** Nobody took it: no connection, no stream, or JetStream said not now. */
  | "not-kept"
  /** It was sent, and no answer came. */
  | "unanswered";

export interface AppendState {
  readonly deadlineMs: number;
  /** When an attempt that may have been kept was first sent. */
  readonly sentMs?: number;
}

export interface AppendAttempt {
  readonly failure: AppendFailure;
  readonly startedMs: number;
  readonly nowMs: number;
  /** How long the stream knows a message's id. */
  readonly dedupWindowMs: number;
}

/**
 * Whether to try again. A message that may be kept already is only sent again while the stream
 * surely knows its id: within half the window, the other half being for the way there. Else it
 * might be kept twice.
 */
export function afterFailure(
  state: AppendState,
  { failure, startedMs, nowMs, dedupWindowMs }: AppendAttempt,
): { readonly again: boolean; readonly state: AppendState } {
  const sentMs = state.sentMs ?? (failure === "unanswered" ? startedMs : undefined);
  const next = sentMs === undefined ? state : { ...state, sentMs };
  const isKnown = sentMs === undefined || nowMs - sentMs < dedupWindowMs / 2;
  return { again: nowMs < state.deadlineMs && isKnown, state: next };
}
