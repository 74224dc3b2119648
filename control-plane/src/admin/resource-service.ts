import type { FieldMask } from "@bufbuild/protobuf/wkt";
import type { ResourceKind, ResourceMessages } from "@headgate/config";
import type { resources } from "@headgate/proto";
import { referencesOf, referrersOfKind } from "../resources/references.ts";
import { type StoredResource, schemaOf } from "../resources/resource-codec.ts";
import { resourceId } from "../resources/resource-kind.ts";
import { secretHashOf } from "../resources/resource-transaction.ts";
import type { ResourceWriter } from "../resources/resource-writer.ts";
import type { StoreState } from "../resources/store-state.ts";
import {
  aborted,
  alreadyExists,
  failedPrecondition,
  HiddenError,
  invalidArgument,
  notFound,
} from "./admin-errors.ts";
import type { Caller } from "./caller.ts";
import { CheckedWriter, editable, refuseForeign, type WritingOptions } from "./checked-write.ts";
import { applyFieldMask } from "./field-mask.ts";
import { nameIn, required, requiredName } from "./required.ts";
import { mayRead } from "./row-access.ts";
import { withoutSecrets } from "./without-secrets.ts";

export interface CreateInput<K extends ResourceKind> {
  readonly resource: ResourceMessages[K] | undefined;
  readonly validateOnly: boolean;
}

export interface UpdateInput<K extends ResourceKind> extends CreateInput<K> {
  readonly updateMask?: FieldMask | undefined;
}

export interface DeleteInput {
  readonly name: string;
  /** 0: whatever it is. */
  readonly revision: bigint;
  readonly validateOnly: boolean;
}

const referrersNamedMax = 5;

/**
 * Create, get, update and delete, the same for every kind. What is returned never holds secrets.
 * Failures are ConnectErrors with the codes that admin.proto lists.
 */
export class ResourceService {
  readonly #writer: ResourceWriter;
  readonly #checked: CheckedWriter;

  constructor(options: WritingOptions) {
    this.#writer = options.writer;
    this.#checked = new CheckedWriter(options);
  }

  async create<K extends ResourceKind>(
    caller: Caller,
    kind: K,
    { resource, validateOnly }: CreateInput<K>,
  ): Promise<ResourceMessages[K]> {
    const given = required(kind, resource);
    refuseForeign(caller, kind, given);
    const target = { kind, name: nameIn(kind, given), caller, validateOnly };
    return this.#checked.write(target, (before) => {
      if (before) throw alreadyExists(`${kind} ${before.name} exists already: update it instead`);
      return this.#checked.prepare(kind, given, undefined);
    });
  }

  async get<K extends ResourceKind>(
    { principal }: Caller,
    kind: K,
    name: string,
  ): Promise<ResourceMessages[K]> {
    const state = await this.#writer.stateAround(kind, requiredName(name));
    const stored = state.get(kind, name);
    if (!stored) throw notFound(kind, name);
    if (!mayRead(principal, kind, stored.resource)) throw new HiddenError(kind, name);
    return withoutSecrets(kind, stored.resource);
  }

  async update<K extends ResourceKind>(
    caller: Caller,
    kind: K,
    { resource, updateMask, validateOnly }: UpdateInput<K>,
  ): Promise<ResourceMessages[K]> {
    const given = required(kind, resource);
    const paths = updateMask?.paths ?? [];
    const revision = given.metadata?.revision ?? 0n;
    if (revision === 0n && paths.length === 0) {
      throw invalidArgument(
        "metadata.revision is required: the one that was read. Or name the fields to change in update_mask",
      );
    }
    const target = { kind, name: nameIn(kind, given), caller, validateOnly };
    return this.#checked.write(target, (stored) => {
      const before = editable(target, stored, revision);
      const merged = paths.length === 0 ? given : masked(kind, { before, given, paths });
      refuseSecretChange(kind, merged, before);
      return this.#checked.prepare(kind, merged, before);
    });
  }

  /** Returns the store's revision. */
  async delete(
    caller: Caller,
    kind: ResourceKind,
    { name, revision, validateOnly }: DeleteInput,
  ): Promise<number> {
    refuseForeign(caller, kind, undefined);
    const options = { source: caller.source, validateOnly };
    const written = await this.#writer.write(options, async () => {
      const state = await this.#writer.stateAround(kind, requiredName(name));
      const before = editable({ kind, name, caller }, state.get(kind, name), revision);
      await loadReferrers(state, kind);
      refuseWhileReferred(state, kind, name);
      const secretHash = secretHashOf(before.resource);
      if (secretHash !== "") await state.loadHashOwner(secretHash);
      return { state, changes: [{ kind, name, before, after: undefined }] };
    });
    if (!written) throw aborted(`${kind} ${name} keeps changing`);
    return written.revision;
  }
}

function masked<K extends ResourceKind>(
  kind: K,
  {
    before,
    given,
    paths,
  }: {
    readonly before: StoredResource<K>;
    readonly given: ResourceMessages[K];
    readonly paths: readonly string[];
  },
): ResourceMessages[K] {
  // As in schemaOf(): all three are of this kind.
  const stored = before.resource as resources.Provider;
  const masking = applyFieldMask(schemaOf(kind), {
    stored,
    given: given as resources.Provider,
    paths,
  });
  if (!masking.ok) throw invalidArgument(masking.problems.join("\n"));
  return masking.merged as unknown as ResourceMessages[K];
}

function refuseSecretChange<K extends ResourceKind>(
  kind: K,
  given: ResourceMessages[K],
  before: StoredResource<K>,
): void {
  if (kind !== "key") return;
  const key = given as resources.Key; // By its kind.
  const changesHash = key.secretHash !== "" && key.secretHash !== secretHashOf(before.resource);
  if (key.secret !== "" || changesHash) {
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
