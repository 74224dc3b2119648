/**
 * The protocol of StreamSnapshots, without its I/O. What is sent and to whom decides the rollout of
 * the node's build.
 *
 *   greeting --Hello--> settled --(something is due)--> in-flight --ACK, NACK--> settled
 *
 * What holds:
 * - At most one delta is un-ACKed. What changes meanwhile is in the next one, merged.
 * - Every delta starts at the version that the node has in use, or at 0, replacing everything.
 */
export type NodeStream =
  | { readonly phase: "greeting"; readonly deadlineMs: number }
  | { readonly phase: "settled" }
  | {
      readonly phase: "in-flight";
      readonly fromVersion: number;
      readonly version: number;
      readonly nonce: string;
      readonly deadlineMs: number;
    };

export type NodeMessage =
  | { readonly type: "hello" }
  | { readonly type: "ack"; readonly nonce: string; readonly version: number }
  | { readonly type: "nack"; readonly nonce: string; readonly version: number };

export type Received =
  | { readonly outcome: "greeted"; readonly state: NodeStream }
  | { readonly outcome: "acked" | "nacked"; readonly state: NodeStream; readonly version: number }
  /** The answer to something older: ignored. */
  | { readonly outcome: "stale"; readonly state: NodeStream }
  | { readonly outcome: "violation"; readonly message: string };

export type Step =
  | { readonly action: "send" }
  /** Until something happens, or until this time. */
  | { readonly action: "wait"; readonly untilMs: number }
  | { readonly action: "drop"; readonly reason: "no_hello" | "no_ack" };

/** What the node could be sent. */
export interface Due {
  readonly isDue: boolean;
  /** If not: when to ask again at the latest. */
  readonly untilMs: number;
}

const helloTimeoutMs = 10_000;
const ackTimeoutMs = 30_000;

export function openNodeStream(nowMs: number): NodeStream {
  return { phase: "greeting", deadlineMs: nowMs + helloTimeoutMs };
}

export function receive(state: NodeStream, message: NodeMessage): Received {
  if (message.type === "hello") {
    if (state.phase !== "greeting") return violation("hello was sent already");
    return { outcome: "greeted", state: { phase: "settled" } };
  }
  if (state.phase === "greeting") return violation("the first message must be hello");
  if (state.phase !== "in-flight" || message.nonce !== state.nonce) {
    return { outcome: "stale", state };
  }
  return message.type === "ack" ? acknowledge(state, message) : refuse(state, message);
}

export function nextStep(state: NodeStream, due: () => Due, nowMs: number): Step {
  if (state.phase === "greeting") return waitOrDrop(state.deadlineMs, nowMs, "no_hello");
  if (state.phase === "in-flight") return waitOrDrop(state.deadlineMs, nowMs, "no_ack");
  const { isDue, untilMs } = due();
  return isDue ? { action: "send" } : { action: "wait", untilMs };
}

/** The state once the step "send" was taken. */
export function sent(
  delta: { readonly fromVersion: number; readonly version: number },
  { nonce, nowMs }: { readonly nonce: string; readonly nowMs: number },
): NodeStream {
  const { fromVersion, version } = delta;
  return { phase: "in-flight", fromVersion, version, nonce, deadlineMs: nowMs + ackTimeoutMs };
}

type InFlight = Extract<NodeStream, { phase: "in-flight" }>;

function acknowledge(state: InFlight, { version }: { version: number }): Received {
  if (version !== state.version) {
    return violation(`ACK of version ${version} with the nonce of version ${state.version}`);
  }
  return { outcome: "acked", state: { phase: "settled" }, version };
}

function refuse(state: InFlight, { version }: { version: number }): Received {
  // A node that resumed from nothing we know may well use something: it got a full snapshot.
  if (state.fromVersion !== 0 && version !== state.fromVersion) {
    return violation(`NACK says version ${version} is in use, ${state.fromVersion} was ACKed`);
  }
  return { outcome: "nacked", state: { phase: "settled" }, version: state.version };
}

function violation(message: string): Received {
  return { outcome: "violation", message };
}

function waitOrDrop(untilMs: number, nowMs: number, reason: "no_hello" | "no_ack"): Step {
  return nowMs >= untilMs ? { action: "drop", reason } : { action: "wait", untilMs };
}
