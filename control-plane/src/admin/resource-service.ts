import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ResourceKind, ResourceMessages } from "@headgate/config";
import type { Clock } from "@headgate/core";
import type { resources } from "@headgate/proto";
import { createKeySecret } from "../resources/key-secret.ts";
import { referencesOf, referrersOfKind } from "../resources/references.ts";
import { kindPrefix, resourceKey, type StoredResource } from "../resources/resource-codec.ts";
import { type AnyResource, resourceId } from "../resources/resource-kind.ts";
import { type ResourceChange, secretHashOf } from "../resources/resource-transaction.ts";
import type { Decision, ResourceWriter } from "../resources/resource-writer.ts";
import type { StoreState } from "../resources/store-state.ts";
import { CompactedError } from "../store/store.ts";
import {
  aborted,
  alreadyExists,
  danglingReferences,
  failedPrecondition,
  invalidArgument,
  invalidResource,
  managedElsewhere,
  notFound,
} from "./admin-errors.ts";
import { decodePageToken, encodePageToken } from "./page-token.ts";
import { prepareResource } from "./prepare-resource.ts";
import { findReferenceProblems } from "./reference-problems.ts";
import { withoutSecrets } from "./without-secrets.ts";

export interface ResourceServiceOptions {
  readonly writer: ResourceWriter;
  readonly clock: Clock;
  readonly hmacKey: Uint8Array;
}

export interface Page<K extends ResourceKind> {
  readonly items: ResourceMessages[K][];
  readonly nextPageToken: string;
}

const defaultPageSize = 100;
const pageSizeMax = 1000;
const referrersNamedMax = 5;

/**
 * Create, get, list, update and delete, the same for every kind. What is returned never holds
 * secrets. Failures are ConnectErrors with the codes that admin.proto lists.
 */
export class ResourceService {
  readonly #writer: ResourceWriter;
  readonly #clock: Clock;
  readonly #hmacKey: Uint8Array;

  constructor({ writer, clock, hmacKey }: ResourceServiceOptions) {
    this.#writer = writer;
    this.#clock = clock;
    this.#hmacKey = hmacKey;
  }

  async create<K extends ResourceKind>(
    kind: K,
    input: ResourceMessages[K] | undefined,
  ): Promise<ResourceMessages[K]> {
    const given = required(kind, input);
    return this.#write(kind, nameIn(kind, given), (before) => {
      if (before) throw alreadyExists(`${kind} ${before.name} exists already: update it instead`);
      return this.#prepare(kind, given, undefined);
    });
  }

  async get<K extends ResourceKind>(kind: K, name: string): Promise<ResourceMessages[K]> {
    const state = await this.#writer.stateAround(kind, requiredName(name));
    const stored = state.get(kind, name);
    if (!stored) throw notFound(kind, name);
    return withoutSecrets(kind, stored.resource);
  }

  async list<K extends ResourceKind>(
    kind: K,
    { pageSize, pageToken }: { readonly pageSize: number; readonly pageToken: string },
  ): Promise<Page<K>> {
    if (pageSize > pageSizeMax) {
      throw invalidArgument(`page_size must be at most ${pageSizeMax}, not ${pageSize}`);
    }
    const page = await this.#listEntries(kind, pageSize || defaultPageSize, pageToken);
    const { codec } = this.#writer;
    const items = page.value.map((entry) =>
      withoutSecrets(kind, codec.decode(kind, entry).resource),
    );
    const after = page.value.at(-1)?.key.slice(kindPrefix(kind).length);
    const more = page.more && after !== undefined;
    const { revision } = page;
    return { items, nextPageToken: more ? encodePageToken(kind, { revision, after }) : "" };
  }

  async update<K extends ResourceKind>(
    kind: K,
    input: ResourceMessages[K] | undefined,
  ): Promise<ResourceMessages[K]> {
    const given = required(kind, input);
    const revision = given.metadata?.revision ?? 0n;
    if (revision === 0n) {
      throw invalidArgument("metadata.revision is required: the one that was read");
    }
    return this.#write(kind, nameIn(kind, given), (stored) => {
      const before = editable(kind, given.name, stored, revision);
      refuseSecretChange(given, before.resource);
      return this.#prepare(kind, given, before);
    });
  }

  /** `revision` 0: whatever it is. Returns the store's revision. */
  async delete(kind: ResourceKind, name: string, revision: bigint): Promise<number> {
    requiredName(name);
    const written = await this.#writer.write(async () => {
      const state = await this.#writer.stateAround(kind, name);
      const before = editable(kind, name, state.get(kind, name), revision);
      await loadReferrers(state, kind);
      refuseWhileReferred(state, kind, name);
      await this.#loadHashOwners(state, [secretHashOf(before.resource)]);
      return { state, changes: [{ kind, name, before, after: undefined }] };
    });
    if (!written) throw aborted(`${kind} ${name} keeps changing`);
    return written.revision;
  }

  /** The secret is "" if the caller brought one. */
  async createKey(
    input: resources.Key | undefined,
  ): Promise<{ readonly key: resources.Key; readonly secret: string }> {
    const given = required("key", input);
    const brings = given.secret !== "" || given.secretHash !== "";
    const secret = brings ? "" : createKeySecret();
    const key = await this.create("key", brings ? given : { ...given, secret });
    return { key, secret };
  }

  async rotateKey(
    name: string,
    revision: bigint,
  ): Promise<{ readonly key: resources.Key; readonly secret: string }> {
    const secret = createKeySecret();
    const key = await this.#write("key", requiredName(name), (stored) => {
      const before = editable("key", name, stored, revision);
      if (before.resource.revokeTime) {
        throw failedPrecondition(`key ${name} is revoked for ever: create another key`);
      }
      return this.#prepare("key", { ...before.resource, secret, secretHash: "" }, before);
    });
    return { key, secret };
  }

  async revokeKey(name: string): Promise<resources.Key> {
    return this.#write("key", requiredName(name), (stored) => {
      const before = editable("key", name, stored, 0n);
      if (before.resource.revokeTime) return undefined;
      const after = this.#prepare("key", before.resource, before);
      after.revokeTime = timestampFromMs(this.#clock.wallTimeMs());
      return after;
    });
  }

  /** `decide` gives the resource to store; undefined: leave it as it is. */
  async #write<K extends ResourceKind>(
    kind: K,
    name: string,
    decide: (stored: StoredResource<K> | undefined) => ResourceMessages[K] | undefined,
  ): Promise<ResourceMessages[K]> {
    const written = await this.#writer.write(async () => {
      const state = await this.#writer.stateAround(kind, name);
      const before = state.get(kind, name);
      const after = decide(before);
      return after
        ? await this.#checked(state, { kind, name, before, after })
        : { state, changes: [] };
    });
    if (!written) throw aborted(`${kind} ${name} keeps changing`);
    const stored = written.state.get(kind, name);
    if (!stored) throw notFound(kind, name);
    return withoutSecrets(kind, stored.resource);
  }

  #prepare<K extends ResourceKind>(
    kind: K,
    input: ResourceMessages[K],
    before: StoredResource<K> | undefined,
  ): ResourceMessages[K] {
    const prepared = prepareResource(kind, input, {
      before,
      hmacKey: this.#hmacKey,
      nowMs: this.#clock.wallTimeMs(),
      managedBy: "",
    });
    if (!prepared.ok) throw invalidResource(prepared.problems);
    return prepared.resource;
  }

  /** Against the rest of the store: what it refers to exists, its secret is nobody else's. */
  async #checked(
    state: StoreState,
    change: ResourceChange & { readonly after: AnyResource },
  ): Promise<Decision> {
    const { name, before, after } = change;
    const problems = await findReferenceProblems(state, after);
    if (problems.length > 0) throw danglingReferences(problems);
    const secretHash = secretHashOf(after);
    await this.#loadHashOwners(state, [secretHash, secretHashOf(before?.resource)]);
    const owner = state.hashOwner(secretHash);
    if (owner && owner.name !== name) {
      throw alreadyExists(`key ${owner.name} has the same secret: every key needs its own`);
    }
    return { state, changes: [change] };
  }

  async #loadHashOwners(state: StoreState, hashes: readonly string[]): Promise<void> {
    for (const hash of hashes) if (hash !== "") await state.loadHashOwner(hash);
  }

  async #listEntries(kind: ResourceKind, limit: number, pageToken: string) {
    const { store } = this.#writer;
    if (pageToken === "") return store.list(kindPrefix(kind), { limit });
    const position = decodePageToken(kind, pageToken);
    if (!position)
      throw invalidArgument(`page_token is not one of a listing of ${kind}s: list again`);
    const { revision } = position;
    const after = resourceKey(kind, position.after);
    try {
      return await store.list(kindPrefix(kind), { limit, revision, after });
    } catch (error) {
      if (error instanceof CompactedError || error instanceof RangeError) {
        throw invalidArgument("page_token has expired: list again from the start");
      }
      throw error;
    }
  }
}

function required<K extends ResourceKind>(
  kind: K,
  input: ResourceMessages[K] | undefined,
): ResourceMessages[K] {
  if (!input) throw invalidArgument(`${kind} is required`);
  return input;
}

function requiredName(name: string): string {
  if (name === "") throw invalidArgument("name is required");
  return name;
}

/** There is one policy, so its name may be left out. An empty name is found when it is checked. */
function nameIn(kind: ResourceKind, input: AnyResource): string {
  return kind === "policy" && input.name === "" ? "default" : input.name;
}

/** The stored resource, if this caller may write it now. */
function editable<K extends ResourceKind>(
  kind: K,
  name: string,
  stored: StoredResource<K> | undefined,
  revision: bigint,
): StoredResource<K> {
  if (!stored) throw notFound(kind, name);
  const managedBy = stored.resource.metadata?.managedBy ?? "";
  if (managedBy !== "") throw managedElsewhere(kind, name, managedBy);
  if (revision !== 0n && revision !== BigInt(stored.revision)) {
    throw aborted(`${kind} ${name} is at revision ${stored.revision}, not ${revision}`);
  }
  return stored;
}

function refuseSecretChange(given: AnyResource, before: AnyResource): void {
  if (given.$typeName !== "headgate.resources.v1.Key") return;
  const changesHash = given.secretHash !== "" && given.secretHash !== secretHashOf(before);
  if (given.secret !== "" || changesHash) {
    throw invalidArgument(
      "secret, secret_hash: an update leaves the secret as it is; use RotateKey",
    );
  }
}

async function loadReferrers(state: StoreState, kind: ResourceKind): Promise<void> {
  for (const referrerKind of referrersOfKind[kind]) await state.loadKind(referrerKind);
  if (referrersOfKind[kind].length > 0) await state.loadGuard("references");
}

function refuseWhileReferred(state: StoreState, kind: ResourceKind, name: string): void {
  const target = resourceId(kind, name);
  const referrers = [...state.all()].filter(({ resource }) =>
    referencesOf(resource).some(
      (reference) => resourceId(reference.kind, reference.name) === target,
    ),
  );
  if (referrers.length === 0) return;
  const names = referrers
    .slice(0, referrersNamedMax)
    .map((stored) => `${stored.kind} ${stored.name}`);
  const rest = referrers.length - names.length;
  throw failedPrecondition(
    `${kind} ${name} is still referred to by ${names.join(", ")}` +
      `${rest > 0 ? ` and ${rest} more` : ""}: change or delete those first`,
  );
}
