/**
 * What to send a node next: the decisions of StreamSnapshots, without its I/O.
 *
 *   greeting --Hello--> settled --(something new)--> in-flight --ACK, NACK--> settled
 *
 * What holds:
 * - At most one delta is un-ACKed. What changes meanwhile is in the next one, merged.
 * - Every delta starts at the version that the node has in use, or at 0, replacing everything.
 *   So a NACK costs nothing: the next change includes the refused one and what mends it.
 * - A version that was refused is not sent again on the same stream by itself.
 */
export type NodeStream =
  | { readonly phase: "greeting"; readonly deadlineMs: number }
  | {
      readonly phase: "settled";
      /** In use at the node. 0: nothing to build on. */
      readonly appliedVersion: number;
      /** Newest that it has answered on this stream. Undefined: nothing sent yet. */
      readonly seenVersion: number | undefined;
    }
  | {
      readonly phase: "in-flight";
      readonly appliedVersion: number;
      readonly version: number;
      readonly nonce: string;
      readonly deadlineMs: number;
    };

/** The part of SnapshotCache that decisions need. */
export interface SnapshotView {
  readonly version: number;
  readonly publishedVersion: number;
  keeps(version: number): boolean;
  canResume(version: number, stateHash: bigint): boolean;
}

export type NodeMessage =
  | { readonly type: "hello"; readonly appliedVersion: number; readonly stateHash: bigint }
  | { readonly type: "ack"; readonly nonce: string; readonly version: number }
  | { readonly type: "nack"; readonly nonce: string; readonly version: number };

export type Received =
  | { readonly outcome: "greeted"; readonly state: NodeStream }
  | { readonly outcome: "acked" | "nacked"; readonly state: NodeStream; readonly version: number }
  /** The answer to something older: ignored. */
  | { readonly outcome: "stale"; readonly state: NodeStream }
  | { readonly outcome: "violation"; readonly message: string };

export type Step =
  | { readonly action: "send"; readonly fromVersion: number }
  /** Until something happens, or until this time. */
  | { readonly action: "wait"; readonly untilMs: number }
  | {
      readonly action: "drop";
      readonly reason: "no_hello" | "no_ack" | "store_replaced";
    };

const helloTimeoutMs = 10_000;
const ackTimeoutMs = 30_000;

export function openNodeStream(nowMs: number): NodeStream {
  return { phase: "greeting", deadlineMs: nowMs + helloTimeoutMs };
}

export function receive(state: NodeStream, message: NodeMessage, view: SnapshotView): Received {
  if (message.type === "hello") return greet(state, message, view);
  if (state.phase === "greeting") return violation("the first message must be hello");
  if (state.phase !== "in-flight" || message.nonce !== state.nonce) {
    return { outcome: "stale", state };
  }
  return message.type === "ack" ? acknowledge(state, message) : refuse(state, message);
}

export function nextStep(state: NodeStream, view: SnapshotView, nowMs: number): Step {
  if (state.phase === "greeting") return waitOrDrop(state.deadlineMs, nowMs, "no_hello");
  const reachedVersion = state.phase === "in-flight" ? state.version : (state.seenVersion ?? 0);
  if (reachedVersion > view.version) return { action: "drop", reason: "store_replaced" };
  if (state.phase === "in-flight") return waitOrDrop(state.deadlineMs, nowMs, "no_ack");
  if (state.seenVersion !== undefined && state.seenVersion >= view.publishedVersion) {
    return { action: "wait", untilMs: Number.POSITIVE_INFINITY };
  }
  const { appliedVersion } = state;
  return { action: "send", fromVersion: view.keeps(appliedVersion) ? appliedVersion : 0 };
}

/** The state once the step "send" was taken. */
export function sent(
  state: NodeStream,
  { version, nonce, nowMs }: { version: number; nonce: string; nowMs: number },
): NodeStream {
  const appliedVersion = state.phase === "settled" ? state.appliedVersion : 0;
  return {
    phase: "in-flight",
    appliedVersion,
    version,
    nonce,
    deadlineMs: nowMs + ackTimeoutMs,
  };
}

type InFlight = Extract<NodeStream, { phase: "in-flight" }>;

function greet(
  state: NodeStream,
  hello: Extract<NodeMessage, { type: "hello" }>,
  view: SnapshotView,
): Received {
  if (state.phase !== "greeting") return violation("hello was sent already");
  const resumes = view.canResume(hello.appliedVersion, hello.stateHash);
  const appliedVersion = resumes ? hello.appliedVersion : 0;
  return {
    outcome: "greeted",
    state: { phase: "settled", appliedVersion, seenVersion: undefined },
  };
}

function acknowledge(state: InFlight, { version }: { version: number }): Received {
  if (version !== state.version) {
    return violation(`ACK of version ${version} with the nonce of version ${state.version}`);
  }
  const settled = { phase: "settled", appliedVersion: version, seenVersion: version } as const;
  return { outcome: "acked", state: settled, version };
}

function refuse(state: InFlight, { version }: { version: number }): Received {
  // A node that resumed from nothing we know may well use something: it got a full snapshot.
  if (state.appliedVersion !== 0 && version !== state.appliedVersion) {
    return violation(`NACK says version ${version} is in use, ${state.appliedVersion} was ACKed`);
  }
  const { appliedVersion, version: refused } = state;
  const settled = { phase: "settled", appliedVersion, seenVersion: refused } as const;
  return { outcome: "nacked", state: settled, version: refused };
}

function violation(message: string): Received {
  return { outcome: "violation", message };
}

function waitOrDrop(untilMs: number, nowMs: number, reason: "no_hello" | "no_ack"): Step {
  return nowMs >= untilMs ? { action: "drop", reason } : { action: "wait", untilMs };
}
