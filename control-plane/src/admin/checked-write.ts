import type { ResourceKind, ResourceMessages } from "@headgate/config";
import type { Clock } from "@headgate/core";
import type { StoredResource } from "../resources/resource-codec.ts";
import type { AnyResource } from "../resources/resource-kind.ts";
import { type ResourceChange, secretHashOf } from "../resources/resource-transaction.ts";
import type { Decision, ResourceWriter } from "../resources/resource-writer.ts";
import type { StoreState } from "../resources/store-state.ts";
import {
  aborted,
  alreadyExists,
  danglingReferences,
  HiddenError,
  invalidResource,
  managedElsewhere,
  notFound,
  permissionDenied,
} from "./admin-errors.ts";
import type { Caller } from "./caller.ts";
import { prepareResource } from "./prepare-resource.ts";
import { findReferenceProblems } from "./reference-problems.ts";
import { mayRead, whyNotWrite } from "./row-access.ts";
import { withoutSecrets } from "./without-secrets.ts";

export interface WritingOptions {
  readonly writer: ResourceWriter;
  readonly clock: Clock;
  readonly hmacKey: Uint8Array;
}

export interface WriteTarget<K extends ResourceKind> {
  readonly kind: K;
  readonly name: string;
  readonly caller: Caller;
  readonly validateOnly: boolean;
}

/** Gives the resource to store; undefined: leave it as it is. Throws to refuse. */
export type DecideWrite<K extends ResourceKind> = (
  stored: StoredResource<K> | undefined,
) => ResourceMessages[K] | undefined;

/** One resource: read, decide, check against all others, write. What is returned has no secrets. */
export class CheckedWriter {
  readonly #options: WritingOptions;

  constructor(options: WritingOptions) {
    this.#options = options;
  }

  async write<K extends ResourceKind>(
    target: WriteTarget<K>,
    decide: DecideWrite<K>,
  ): Promise<ResourceMessages[K]> {
    const { kind, name, caller, validateOnly } = target;
    const { writer } = this.#options;
    refuseForeign(caller, kind, undefined);
    let after: ResourceMessages[K] | undefined;
    const written = await writer.write({ source: caller.source, validateOnly }, async () => {
      const state = await writer.stateAround(kind, name);
      const before = state.get(kind, name);
      after = decide(before);
      if (!after) return { state, changes: [] };
      refuseForeign(caller, kind, after);
      return this.#checked(caller, state, { kind, name, before, after });
    });
    if (!written) throw aborted(`${kind} ${name} keeps changing`);
    const resource = after ?? written.state.get(kind, name)?.resource;
    if (!resource) throw notFound(kind, name);
    return withoutSecrets(kind, resource);
  }

  /** From what a caller sent to what is stored. */
  prepare<K extends ResourceKind>(
    kind: K,
    input: ResourceMessages[K],
    before: StoredResource<K> | undefined,
  ): ResourceMessages[K] {
    const { hmacKey, clock } = this.#options;
    const nowMs = clock.wallTimeMs();
    const prepared = prepareResource(kind, input, { before, hmacKey, nowMs, managedBy: "" });
    if (!prepared.ok) throw invalidResource(prepared.problems);
    return prepared.resource;
  }

  /** Against the rest of the store: what it refers to exists, its secret is nobody else's. */
  async #checked(
    { principal }: Caller,
    state: StoreState,
    change: ResourceChange & { readonly after: AnyResource },
  ): Promise<Decision> {
    const { name, before, after } = change;
    const problems = await findReferenceProblems(state, after);
    if (problems.length > 0) throw danglingReferences(problems);
    const secretHash = secretHashOf(after);
    await loadHashOwners(state, [secretHash, secretHashOf(before?.resource)]);
    const owner = state.hashOwner(secretHash);
    if (owner && owner.name !== name) {
      await state.load("key", owner.name);
      const other = state.get("key", owner.name)?.resource;
      const shown = other && mayRead(principal, "key", other) ? `key ${owner.name}` : "another key";
      throw alreadyExists(`${shown} has the same secret: every key needs its own`);
    }
    return { state, changes: [change] };
  }
}

/** @throws ConnectError unless the caller may write now, at this revision. 0: any. */
export function editable<K extends ResourceKind>(
  { kind, name, caller }: Pick<WriteTarget<K>, "kind" | "name" | "caller">,
  stored: StoredResource<K> | undefined,
  revision: bigint,
): StoredResource<K> {
  if (!stored) throw notFound(kind, name);
  if (!mayRead(caller.principal, kind, stored.resource)) throw new HiddenError(kind, name);
  const managedBy = stored.resource.metadata?.managedBy ?? "";
  if (managedBy !== "") throw managedElsewhere(kind, name, managedBy);
  if (revision !== 0n && revision !== BigInt(stored.revision)) {
    throw aborted(`${kind} ${name} is at revision ${stored.revision}, not ${revision}`);
  }
  return stored;
}

export function refuseForeign(
  { principal }: Caller,
  kind: ResourceKind,
  after: AnyResource | undefined,
): void {
  const reason = whyNotWrite(principal, kind, after);
  if (reason !== undefined) throw permissionDenied(reason);
}

async function loadHashOwners(state: StoreState, hashes: readonly string[]): Promise<void> {
  for (const hash of hashes) if (hash !== "") await state.loadHashOwner(hash);
}
