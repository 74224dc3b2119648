import { StoreError, type StoreErrorCode } from "../store-error.ts";

/**
 * What became of a call that failed.
 *
 * - unsent: it reached no member.
 * - busy: a member refused it before doing anything, and may take it later.
 * - unknown: no answer; done or not done.
 * - token: our token is old or forgotten; nothing was done.
 * - no_auth: this etcd asks nobody for a password.
 * - compacted, future: the revision asked for. lease_gone: of a put, or asked for.
 * - too_large: beyond what etcd takes in one request. page_too_large: beyond what we take.
 * - full, corrupt, refused: nothing was done, and trying again would not help.
 * - other: none of these.
 */
export type EtcdFailureKind =
  | "unsent"
  | "busy"
  | "unknown"
  | "token"
  | "no_auth"
  | "compacted"
  | "future"
  | "lease_gone"
  | "too_large"
  | "page_too_large"
  | "full"
  | "corrupt"
  | "refused"
  | "other";

/** A call that failed at one member. */
export class EtcdFailure extends Error {
  override readonly name = "EtcdFailure";
  readonly kind: EtcdFailureKind;
  /** gRPC's or etcd's own words. */
  readonly details: string;
  readonly host: string;

  constructor(error: unknown, host: string, kind?: EtcdFailureKind) {
    const { code, details } = statusOf(error);
    super(`etcd at ${host}: ${plain(details)}`, { cause: error });
    this.kind = kind ?? kindOf(code, details);
    this.details = details;
    this.host = host;
  }

  static from(error: unknown, host: string): EtcdFailure {
    return error instanceof EtcdFailure ? error : new EtcdFailure(error, host);
  }

  /** It says only that no answer came in time. */
  get isLateness(): boolean {
    return this.details.startsWith("Deadline exceeded");
  }

  /** As the failure of a call that was to follow this one. */
  asUnsent(): EtcdFailure {
    return this.kind === "unknown" ? new EtcdFailure(this.cause, this.host, "unsent") : this;
  }
}

/**
 * gRPC's words that come before a call is given to a connection. A call that ran out of time says
 * what it was waiting for.
 */
const unsent =
  /^No connection established|^Name resolution failed|before call started|refused by server|Waiting for LB pick/;

/** etcd's own words, the same from 3.4 on: api/v3rpc/rpctypes/error.go. First match counts. */
const words: readonly (readonly [RegExp, EtcdFailureKind])[] = [
  [/required revision has been compacted/, "compacted"],
  [/required revision is a future revision/, "future"],
  [/requested lease not found/, "lease_gone"],
  [/database space exceeded/, "full"],
  [/too many requests/, "busy"],
  [/request is too large|too many operations|trying to send message larger/, "too_large"],
  [/Received message larger/, "page_too_large"],
  [/invalid auth token|revision of auth store is old|user name is empty/, "token"],
  [/authentication is not enabled/, "no_auth"],
  [/permission denied|invalid user ID or password|user name not found/, "refused"],
  [/corrupt/, "corrupt"],
  [unsent, "unsent"],
];

/** Cancelled, unknown, deadline exceeded, aborted, internal, unavailable, and no status at all. */
const codesOfNoAnswer: ReadonlySet<number | undefined> = new Set([1, 2, 4, 10, 13, 14, undefined]);

function kindOf(code: number | undefined, details: string): EtcdFailureKind {
  const found = words.find(([pattern]) => pattern.test(details));
  return found?.[1] ?? (codesOfNoAnswer.has(code) ? "unknown" : "other");
}

/** etcd3 turns errors into classes of its own that keep of the status only its text: "14 NAME: details". */
function statusOf(error: unknown): { readonly code: number | undefined; readonly details: string } {
  const text = error instanceof Error ? error.message : String(error);
  const [, code, details] = /^(\d+) [A-Z_]+: (.*)$/s.exec(text) ?? [];
  return { code: code === undefined ? undefined : Number(code), details: details ?? text };
}

/** gRPC's words without those that say nothing to an operator. */
function plain(details: string): string {
  return details
    .replace(/^No connection established\. Last error: (?:Error: )?/, "")
    .replace(/ Resolution note: $/, "")
    .replace(/[;.]? ?\(?if the root CA is installed locally.*$/s, "")
    .replace(/^(Deadline exceeded after [\d.]+s).*$/s, "$1")
    .replace(/\.$/, "");
}

/** What is told to callers of a failure that no other member would mend. */
export function storeErrorFrom(failure: EtcdFailure): Error {
  const told = tellings[failure.kind];
  if (!told) return failure;
  const [code, meaning] = told;
  const text = `etcd at ${failure.host} ${meaning} (${failure.details})`;
  const options = { cause: failure };
  return code === "range" ? new RangeError(text, options) : new StoreError(code, text, options);
}

type Telling = readonly [code: StoreErrorCode | "range", meaning: string];

const tellings: Partial<Record<EtcdFailureKind, Telling>> = {
  too_large: ["range", "takes no transaction as large as this; write it in parts"],
  future: ["range", "has not reached this revision"],
  lease_gone: ["lease_gone", "knows no such lease; grant a new one"],
  full: ["full", "has no room left; compact, defragment, or raise its quota (reads go on)"],
  corrupt: ["corrupt", "says its data is damaged; restore it from a backup"],
  refused: ["cannot_open", "refuses us; check user name, password, and role"],
  token: ["cannot_open", "asks for a user name and password: give it both"],
};
