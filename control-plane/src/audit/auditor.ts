import type { HandlerContext } from "@connectrpc/connect";
import type { ResourceChange } from "../resources/resource-transaction.ts";
import type { Write } from "../store/store.ts";

/** On whose behalf something is written, and from where: the head of an audit entry. */
export interface AuditSource {
  /** As Principal.actor, or "file headgate.yaml", "node eu-west-1", "anonymous". */
  readonly actor: string;
  /** admin.Role; 0 for files and nodes. */
  readonly role: number;
  /** The RPC, or "ApplyFile". */
  readonly method: string;
  readonly address: string;
  readonly userAgent: string;
}

/** What besides the five kinds is written: admin tokens, join tokens, nodes. Never their secrets. */
export interface OtherChange {
  /** "admin_token", "join_token", "node", "secrets". */
  readonly kind: string;
  readonly name: string;
  readonly action: "created" | "updated" | "deleted";
}

/**
 * The audit log. An entry of something done is one more write of the very transaction that does it, so
 * there is no change without its entry, and no entry without its change.
 */
export interface Auditor {
  /** Who is calling, from a handler's context. */
  sourceOf(context: HandlerContext): AuditSource;

  /** The put to add to the transaction that makes these changes. */
  entryFor(source: AuditSource, changes: readonly ResourceChange[]): Write;
  entryForOther(source: AuditSource, changes: readonly OtherChange[]): Write;

  /**
   * Record that a call was refused for who made it. Never throws and never waits; beyond 10 a second
   * entries are only counted (`headgate_audit_dropped_total`).
   */
  denied(source: AuditSource, message: string): void;
}
