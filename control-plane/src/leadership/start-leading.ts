import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Clock, Random } from "@headgate/core";
import type { Logger } from "pino";
import { auditEntryTimeMs, auditPrefix } from "../audit/audit-key.ts";
import { joinTokenRecords, readRecord } from "../identity/identity-records.ts";
import type { ResourceCodec } from "../resources/resource-codec.ts";
import type { Store } from "../store/store.ts";
import type { LeadershipMetrics } from "../telemetry/control-plane-metrics.ts";
import { compactHistory } from "./duties/compact-history.ts";
import { dutyEvery } from "./duties/duty-every.ts";
import { trimPrefix } from "./duties/trim-prefix.ts";
import { type Candidate, createElector, type Elector } from "./elector.ts";
import { type Duty, runWhileLeader } from "./run-while-leader.ts";

export interface LeadingOptions {
  readonly store: Store;
  readonly codec: ResourceCodec;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: LeadershipMetrics;
  readonly candidate: Candidate;
}

/** What one replica of all does for all of them. */
export interface Leading {
  readonly electors: readonly Elector[];
  /** Resigns. */
  stop(): Promise<void>;
}

const dayMs = 24 * 60 * 60_000;

/** As admin.proto says of ListAuditEntries. */
const auditKeptMs = 90 * dayMs;
const auditEntriesMax = 100_000;
const auditEveryMs = 60 * 60_000;

/** A join token that has expired is still shown for a day. */
const joinTokensKeptMs = dayMs;
const joinTokensMax = 10_000;
const joinTokensEveryMs = 60 * 60_000;

export function startLeading(options: LeadingOptions): Leading {
  const elector = createElector({ ...options, scope: "global" });
  const duties = dutiesOf(options).map(([name, duty]) =>
    runWhileLeader({ ...options, elector, name, duty }),
  );
  elector.start();
  return {
    electors: [elector],
    stop: async () => {
      await elector.stop();
      await Promise.all(duties.map((duty) => duty.stop()));
    },
  };
}

function dutiesOf(options: LeadingOptions): readonly (readonly [string, Duty])[] {
  return [
    ["compact-history", compactHistory(options)],
    ["trim-audit", trimAudit(options)],
    ["trim-join-tokens", trimJoinTokens(options)],
  ];
}

function trimAudit({ store, clock, logger }: LeadingOptions): Duty {
  const task = async (leadership: Parameters<Duty>[0]) => {
    await trimPrefix({
      store,
      leadership,
      prefix: auditPrefix,
      nowMs: clock.wallTimeMs(),
      isExpired: (key, nowMs) => nowMs - (auditEntryTimeMs(key) ?? 0) > auditKeptMs,
      entriesMax: auditEntriesMax,
    });
  };
  return dutyEvery({ name: "trim-audit", everyMs: auditEveryMs, clock, logger, task });
}

function trimJoinTokens({ store, codec, clock, logger }: LeadingOptions): Duty {
  const isExpired = (key: string, nowMs: number, value: Uint8Array) => {
    const { joinToken } = readRecord(joinTokenRecords, { key, value }, codec);
    const { expireTime } = joinToken ?? {};
    return expireTime !== undefined && nowMs - timestampMs(expireTime) > joinTokensKeptMs;
  };
  const task = async (leadership: Parameters<Duty>[0]) => {
    const { prefix } = joinTokenRecords;
    const nowMs = clock.wallTimeMs();
    await trimPrefix({ store, leadership, prefix, nowMs, isExpired, entriesMax: joinTokensMax });
  };
  return dutyEvery({ name: "trim-join-tokens", everyMs: joinTokensEveryMs, clock, logger, task });
}
