import { create } from "@bufbuild/protobuf";
import { formatProblem } from "@headgate/config";
import type { Clock } from "@headgate/core";

import { admin, resources } from "@headgate/proto";
import type { ResourceWriter } from "../resources/resource-writer.ts";
import { describeReference } from "./admin-errors.ts";
import {
  type ApplyDecision,
  type ApplyOptions,
  decideApply,
  type PlannedChange,
} from "./apply-decision.ts";

export interface ApplyServiceOptions {
  readonly writer: ResourceWriter;
  readonly clock: Clock;
  readonly hmacKey: Uint8Array;
}

export interface Applied {
  /** One for each resource named or deleted, also those that were as they should be. */
  readonly changes: readonly admin.Change[];
  /** The store's, with all of them made. */
  readonly revision: bigint;
}

export type ApplyResult =
  | ({ readonly ok: true } & Applied)
  | {
      readonly ok: false;
      /** What was wrong: see admin.proto for the codes these become. */
      readonly reason: "invalid" | "dangling" | "managed" | "stale" | "contended";
      readonly message: string;
    };

type Refusal = Extract<ApplyResult, { ok: false }>;

/** Writing many resources at once: Apply, and the file that `headgate up` watches. */
export class ApplyService {
  readonly #options: ApplyServiceOptions;

  constructor(options: ApplyServiceOptions) {
    this.#options = options;
  }

  apply(request: {
    readonly set: resources.ResourceSet;
    readonly prune: boolean;
    readonly dryRun: boolean;
  }): Promise<ApplyResult> {
    const policy = {
      managedBy: "",
      takesOver: false,
      prunes: (owner: string) => request.prune && owner === "",
      releases: () => false,
    };
    return this.#run(request.set, policy, request.dryRun);
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
    return this.#run(set, policy, false);
  }

  /** No file is watched: what files owned becomes the API's. */
  releaseFiles(): Promise<ApplyResult> {
    const policy = {
      managedBy: "",
      takesOver: false,
      prunes: () => false,
      releases: (owner: string) => owner.startsWith("file "),
    };
    return this.#run(create(resources.ResourceSetSchema), policy, false);
  }

  async #run(
    set: resources.ResourceSet,
    policy: Pick<ApplyOptions, "managedBy" | "takesOver" | "prunes" | "releases">,
    dryRun: boolean,
  ): Promise<ApplyResult> {
    const { writer, clock, hmacKey } = this.#options;
    let refusal: Refusal | undefined;
    let planned: readonly PlannedChange[] = [];
    const written = await writer.write(async () => {
      const state = await writer.wholeState();
      const nowMs = clock.wallTimeMs();
      const decision = decideApply(state, { ...policy, set, hmacKey, nowMs });
      refusal = decision.kind === "changes" ? undefined : refusalFrom(decision);
      planned = decision.kind === "changes" ? decision.changes : [];
      const changes = planned.filter(({ action }) => action !== admin.ChangeAction.UNCHANGED);
      return { state, changes: dryRun ? [] : changes };
    });
    if (refusal) return refusal;
    if (!written) return contended;
    const changes = planned.map(toMessage);
    return { ok: true, changes, revision: BigInt(written.revision) };
  }
}

const contended: Refusal = {
  ok: false,
  reason: "contended",
  message: "others keep writing the same resources; part of this may be applied: apply it again",
};

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

function toMessage({ kind, name, action }: PlannedChange): admin.Change {
  return create(admin.ChangeSchema, { kind, name, action });
}
