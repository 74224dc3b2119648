import { create } from "@bufbuild/protobuf";
import { formatProblem } from "@headgate/config";
import { admin, resources } from "@headgate/proto";
import { ownSource } from "../audit/audit-source.ts";
import type { WriteOptions } from "../resources/resource-writer.ts";
import type { StoreState } from "../resources/store-state.ts";
import { describeReference, permissionDenied } from "./admin-errors.ts";
import {
  type ApplyDecision,
  type ApplyOptions,
  decideApply,
  type PlannedChange,
} from "./apply-decision.ts";
import type { Caller } from "./caller.ts";
import { changeMessage } from "./change-message.ts";
import type { WritingOptions } from "./checked-write.ts";
import { whyNotEverything } from "./row-access.ts";

export interface Applied {
  /** One for each resource named or deleted, also those that were as they should be. */
  readonly changes: readonly admin.Change[];
  /** The store's, with all of them made. */
  readonly revision: bigint;
  /** How many it took; with a dry run, would take. */
  readonly transactions: number;
}

export type ApplyResult =
  | ({ readonly ok: true } & Applied)
  | {
      readonly ok: false;
      /** What was wrong: see admin.proto for the codes these become. */
      readonly reason: "invalid" | "dangling" | "managed" | "stale" | "contended" | "several";
      readonly message: string;
    };

export interface ApplyInput {
  readonly set: resources.ResourceSet;
  readonly prune: boolean;
  readonly dryRun: boolean;
  readonly oneTransaction: boolean;
}

type Policy = Pick<ApplyOptions, "managedBy" | "takesOver" | "prunes" | "releases">;

type Refusal = Extract<ApplyResult, { ok: false }>;

/** Writing many resources at once: Apply, and the file that `headgate up` watches. */
export class ApplyService {
  readonly #options: WritingOptions;

  constructor(options: WritingOptions) {
    this.#options = options;
  }

  /** @throws ConnectError PERMISSION_DENIED for who manages less than everything. */
  async apply(
    { principal, source }: Caller,
    { set, prune, dryRun, oneTransaction }: ApplyInput,
  ): Promise<ApplyResult> {
    const reason = whyNotEverything(principal, "Apply");
    if (reason !== undefined) throw permissionDenied(reason);
    const policy: Policy = {
      managedBy: "",
      takesOver: false,
      prunes: (owner: string) => prune && owner === "",
      releases: () => false,
    };
    const transactionsMax = oneTransaction ? 1 : Number.POSITIVE_INFINITY;
    return this.#run(set, policy, { source, validateOnly: dryRun, transactionsMax });
  }

  /**
   * The file owns what it names, takes it over from whoever had it, and deletes what it owned
   * and no longer names. Resources of other files become the API's: nobody watches those files.
   */
  applyFile(file: string, set: resources.ResourceSet): Promise<ApplyResult> {
    const managedBy = `file ${file}`;
    const policy = {
      managedBy,
      takesOver: true,
      prunes: (owner: string) => owner === managedBy,
      releases: (owner: string) => owner !== "" && owner !== managedBy,
    };
    return this.#run(set, policy, { source: ownSource(managedBy, "ApplyFile") });
  }

  /** No file is watched: what files owned becomes the API's. */
  releaseFiles(): Promise<ApplyResult> {
    const policy = {
      managedBy: "",
      takesOver: false,
      prunes: () => false,
      releases: (owner: string) => owner.startsWith("file "),
    };
    const source = ownSource("in-process", "ReleaseFiles");
    return this.#run(create(resources.ResourceSetSchema), policy, { source });
  }

  async #run(
    set: resources.ResourceSet,
    policy: Policy,
    options: WriteOptions,
  ): Promise<ApplyResult> {
    const { writer, clock, hmacKey } = this.#options;
    let refusal: Refusal | undefined;
    let planned: readonly PlannedChange[] = [];
    let known: StoreState | undefined;
    const written = await writer.write(options, async () => {
      const state = await writer.wholeState(known);
      known = state;
      const nowMs = clock.wallTimeMs();
      const decision = decideApply(state, { ...policy, set, hmacKey, nowMs });
      refusal = decision.kind === "changes" ? undefined : refusalFrom(decision);
      planned = decision.kind === "changes" ? decision.changes : [];
      const changes = planned.filter(({ action }) => action !== admin.ChangeAction.UNCHANGED);
      return { state, changes };
    });
    if (refusal) return refusal;
    if (!written) return contended;
    const { revision, transactions } = written;
    if (transactions > (options.transactionsMax ?? Number.POSITIVE_INFINITY)) {
      return tooMany(transactions);
    }
    const withResources = options.validateOnly === true;
    const changes = planned.map((change) => toMessage(change, withResources));
    return { ok: true, changes, revision: BigInt(revision), transactions };
  }
}

const contended: Refusal = {
  ok: false,
  reason: "contended",
  message: "others keep writing the same resources; part of this may be applied: apply it again",
};

function tooMany(transactions: number): Refusal {
  const message =
    `this takes ${transactions} transactions, and one_transaction was asked for: apply less ` +
    "at once, or allow several";
  return { ok: false, reason: "several", message };
}

function refusalFrom(decision: Exclude<ApplyDecision, { kind: "changes" }>): Refusal {
  const reason = decision.kind;
  switch (reason) {
    case "invalid":
      return { ok: false, reason, message: decision.problems.map(formatProblem).join("\n") };
    case "dangling":
      return { ok: false, reason, message: decision.problems.map(describeReference).join("\n") };
    case "managed": {
      const message = `${decision.name} is managed by ${decision.managedBy}: change it there`;
      return { ok: false, reason, message };
    }
    case "stale": {
      const message = `${decision.name} is not at the revision given: get it, merge, try again`;
      return { ok: false, reason, message };
    }
  }
}

function toMessage(change: PlannedChange, withResources: boolean): admin.Change {
  const unchanged = change.action === admin.ChangeAction.UNCHANGED;
  return changeMessage(change, { withResources, unchanged });
}
