import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import type { ResourceKind, ResourceMessages } from "@headgate/config";
import { type admin, resources as messages } from "@headgate/proto";
import type { Logger } from "pino";
import { AuditQuery } from "../audit/audit-query.ts";
import type { Auditor } from "../audit/auditor.ts";
import { createAdminCalls } from "./admin-calls.ts";
import type { AdminDelegates } from "./admin-delegates.ts";
import { applyFailure, permissionDenied } from "./admin-errors.ts";
import type { AdminLog } from "./admin-log.ts";
import type { ApplyService } from "./apply-service.ts";
import type { Caller } from "./caller.ts";
import type { WritingOptions } from "./checked-write.ts";
import { KeyService } from "./key-service.ts";
import { ResourceListing } from "./resource-listing.ts";
import { type DeleteInput, ResourceService, type UpdateInput } from "./resource-service.ts";
import { ResourceWatch } from "./resource-watch.ts";
import { whyNotEverything } from "./row-access.ts";
import { WatchSlots } from "./watch-slots.ts";

export interface AdminServiceOptions extends AdminDelegates {
  readonly writing: WritingOptions;
  readonly apply: ApplyService;
  readonly auditor: Auditor;
  readonly log: AdminLog;
  readonly logger: Logger;
  /** Aborts when the control plane stops: watches end then. */
  readonly signal: AbortSignal;
  /** Watches open at once. Default 1000. */
  readonly watchesMax?: number;
}

const watchesMaxDefault = 1000;

/** AdminService as a table of calls; what they do is the same for every kind. */
export function createAdminService(
  options: AdminServiceOptions,
): ServiceImpl<typeof admin.AdminService> {
  const { writing, apply, auditor, log, signal, logger } = options;
  const { store, codec } = writing.writer;
  const slots = new WatchSlots(options.watchesMax ?? watchesMaxDefault);
  const resources = new ResourceService(writing);
  const keys = new KeyService({ ...writing, resources });
  const listing = new ResourceListing({ store, codec });
  const watching = { store, codec, clock: writing.clock, logger, slots };
  const resourceWatch = new ResourceWatch(watching);
  const audit = new AuditQuery(watching);
  const { call, stream } = createAdminCalls({ auditor, signal });

  function logged<K extends ResourceKind>(
    { source, protocol }: Caller,
    kind: K,
    { validateOnly }: { readonly validateOnly: boolean },
    resource: ResourceMessages[K],
  ): ResourceMessages[K] {
    const { name, metadata } = resource;
    const revision = Number(metadata?.revision ?? 0n);
    if (!validateOnly) log.wrote(source, { kind, name, revision, protocol });
    return resource;
  }

  async function make<K extends ResourceKind>(
    caller: Caller,
    kind: K,
    input: UpdateInput<K>,
  ): Promise<ResourceMessages[K]> {
    return logged(caller, kind, input, await resources.create(caller, kind, input));
  }

  async function change<K extends ResourceKind>(
    caller: Caller,
    kind: K,
    input: UpdateInput<K>,
  ): Promise<ResourceMessages[K]> {
    return logged(caller, kind, input, await resources.update(caller, kind, input));
  }

  async function remove(
    caller: Caller,
    kind: ResourceKind,
    input: DeleteInput,
  ): Promise<Record<string, never>> {
    const revision = await resources.delete(caller, kind, input);
    const { source, protocol } = caller;
    if (!input.validateOnly) log.wrote(source, { kind, name: input.name, revision, protocol });
    return {};
  }

  return {
    createProvider: call((r, caller) => make(caller, "provider", { ...r, resource: r.provider })),
    getProvider: call((r, caller) => resources.get(caller, "provider", r.name)),
    listProviders: call(async (r, caller) => {
      const { items, ...page } = await listing.list(caller, "provider", r);
      return { ...page, providers: items };
    }),
    updateProvider: call((r, caller) => change(caller, "provider", { ...r, resource: r.provider })),
    deleteProvider: call((r, caller) => remove(caller, "provider", r)),

    createModel: call((r, caller) => make(caller, "model", { ...r, resource: r.model })),
    getModel: call((r, caller) => resources.get(caller, "model", r.name)),
    listModels: call(async (r, caller) => {
      const { items, ...page } = await listing.list(caller, "model", r);
      return { ...page, models: items };
    }),
    updateModel: call((r, caller) => change(caller, "model", { ...r, resource: r.model })),
    deleteModel: call((r, caller) => remove(caller, "model", r)),

    createTeam: call((r, caller) => make(caller, "team", { ...r, resource: r.team })),
    getTeam: call((r, caller) => resources.get(caller, "team", r.name)),
    listTeams: call(async (r, caller) => {
      const { items, ...page } = await listing.list(caller, "team", r);
      return { ...page, teams: items };
    }),
    updateTeam: call((r, caller) => change(caller, "team", { ...r, resource: r.team })),
    deleteTeam: call((r, caller) => remove(caller, "team", r)),

    createKey: call(async (r, caller) => {
      const { key, secret } = await keys.create(caller, { ...r, resource: r.key });
      return { key: logged(caller, "key", r, key), secret };
    }),
    getKey: call((r, caller) => resources.get(caller, "key", r.name)),
    listKeys: call(async (r, caller) => {
      const { items, ...page } = await listing.list(caller, "key", r);
      return { ...page, keys: items };
    }),
    updateKey: call((r, caller) => change(caller, "key", { ...r, resource: r.key })),
    deleteKey: call((r, caller) => remove(caller, "key", r)),
    rotateKey: call(async (r, caller) => {
      const { key, secret } = await keys.rotate(caller, r);
      return { key: logged(caller, "key", r, key), secret };
    }),
    revokeKey: call(async (r, caller) => logged(caller, "key", r, await keys.revoke(caller, r))),

    createPolicy: call((r, caller) => make(caller, "policy", { ...r, resource: r.policy })),
    getPolicy: call((r, caller) => resources.get(caller, "policy", r.name)),
    listPolicies: call(async (r, caller) => {
      const { items, ...page } = await listing.list(caller, "policy", r);
      return { ...page, policies: items };
    }),
    updatePolicy: call((r, caller) => change(caller, "policy", { ...r, resource: r.policy })),
    deletePolicy: call((r, caller) => remove(caller, "policy", r)),

    apply: call(async (r, caller) => {
      const set = r.resources ?? create(messages.ResourceSetSchema);
      const result = await apply.apply(caller, { ...r, set });
      if (!result.ok) throw applyFailure(result);
      const { changes, revision, transactions } = result;
      const { source, protocol } = caller;
      const record = { revision: Number(revision), changes: changes.length, protocol };
      if (!r.dryRun) log.wrote(source, record);
      return { changes: [...changes], revision, transactions };
    }),

    watchResources: stream((r, caller, until) => resourceWatch.watch(caller, r, until)),

    listAuditEntries: call((r, { principal }) => {
      refuseBound(whyNotEverything(principal, "the audit log"));
      return audit.list(r);
    }),
    watchAuditEntries: stream((r, { principal }, until) => {
      refuseBound(whyNotEverything(principal, "the audit log"));
      return audit.watch(r.filter, until);
    }),

    ...options.tokens,
    ...options.joining,
    ...options.status,
    ...options.nodes,
  };
}

function refuseBound(reason: string | undefined): void {
  if (reason !== undefined) throw permissionDenied(reason);
}
