import { type Holder, parseJson, recordOf } from "@headgate/core";
import type { Entry } from "../store/store.ts";

/** What the leader's key says, as JSON. */
export interface LeaderRecord {
  /** Name of the candidate, for people. */
  readonly candidate: string;
  /** Where to find it, for people. */
  readonly address?: string | undefined;
  /** Tells this run of this candidate, and which of its claims: by these it knows its own key. */
  readonly instance: string;
  readonly attempt: number;
}

/** One key per scope: "global", "region/eu-west". */
export function leaderKey(scope: string): string {
  return `/leaders/${scope}`;
}

export function encodeLeaderRecord(record: LeaderRecord): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(record));
}

/**
 * Who holds the key. A value that can't be read is somebody's all the same: nobody else leads
 * until that key is gone.
 */
export function holderFrom({ value, createRevision }: Entry): Holder {
  const record = recordOf(parseJson(new TextDecoder().decode(value)));
  const text = (name: keyof LeaderRecord) =>
    typeof record[name] === "string" ? record[name] : undefined;
  return {
    instance: text("instance") ?? "",
    attempt: Number(record["attempt"]),
    epoch: createRevision,
    name: text("candidate") ?? "(unreadable)",
    address: text("address"),
  };
}
