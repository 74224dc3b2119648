import { create } from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type { ResourceKind, ResourceMessages } from "@headgate/config";
import { type admin, resources as messages } from "@headgate/proto";
import { type AdminDelegates, unimplementedDelegates } from "./admin-delegates.ts";
import { applyFailure } from "./admin-errors.ts";
import type { AdminLog } from "./admin-log.ts";
import type { ApplyService } from "./apply-service.ts";
import type { ResourceService } from "./resource-service.ts";

export interface AdminServiceOptions extends AdminDelegates {
  readonly resources: ResourceService;
  readonly apply: ApplyService;
  readonly log: AdminLog;
}

/** AdminService as a table of calls; what they do is the same for every kind. */
export function createAdminService(
  options: AdminServiceOptions,
): ServiceImpl<typeof admin.AdminService> {
  const { resources, log } = options;

  async function logged<K extends ResourceKind>(
    context: HandlerContext,
    kind: K,
    writing: Promise<ResourceMessages[K]>,
  ): Promise<ResourceMessages[K]> {
    const { name, metadata } = await writing;
    log.byCall(context, { kind, name, revision: Number(metadata?.revision ?? 0n) });
    return writing;
  }

  async function remove(
    context: HandlerContext,
    kind: ResourceKind,
    { name, revision }: { readonly name: string; readonly revision: bigint },
  ): Promise<Record<string, never>> {
    log.byCall(context, { kind, name, revision: await resources.delete(kind, name, revision) });
    return {};
  }

  return {
    createProvider: (r, context) =>
      logged(context, "provider", resources.create("provider", r.provider)),
    getProvider: (r) => resources.get("provider", r.name),
    listProviders: async (r) => {
      const { items, nextPageToken } = await resources.list("provider", r);
      return { providers: items, nextPageToken };
    },
    updateProvider: (r, context) =>
      logged(context, "provider", resources.update("provider", r.provider)),
    deleteProvider: (r, context) => remove(context, "provider", r),

    createModel: (r, context) => logged(context, "model", resources.create("model", r.model)),
    getModel: (r) => resources.get("model", r.name),
    listModels: async (r) => {
      const { items, nextPageToken } = await resources.list("model", r);
      return { models: items, nextPageToken };
    },
    updateModel: (r, context) => logged(context, "model", resources.update("model", r.model)),
    deleteModel: (r, context) => remove(context, "model", r),

    createTeam: (r, context) => logged(context, "team", resources.create("team", r.team)),
    getTeam: (r) => resources.get("team", r.name),
    listTeams: async (r) => {
      const { items, nextPageToken } = await resources.list("team", r);
      return { teams: items, nextPageToken };
    },
    updateTeam: (r, context) => logged(context, "team", resources.update("team", r.team)),
    deleteTeam: (r, context) => remove(context, "team", r),

    createKey: async (r, context) => {
      const { key, secret } = await resources.createKey(r.key);
      return { key: await logged(context, "key", Promise.resolve(key)), secret };
    },
    getKey: (r) => resources.get("key", r.name),
    listKeys: async (r) => {
      const { items, nextPageToken } = await resources.list("key", r);
      return { keys: items, nextPageToken };
    },
    updateKey: (r, context) => logged(context, "key", resources.update("key", r.key)),
    deleteKey: (r, context) => remove(context, "key", r),
    rotateKey: async (r, context) => {
      const { key, secret } = await resources.rotateKey(r.name, r.revision);
      return { key: await logged(context, "key", Promise.resolve(key)), secret };
    },
    revokeKey: (r, context) => logged(context, "key", resources.revokeKey(r.name)),

    createPolicy: (r, context) => logged(context, "policy", resources.create("policy", r.policy)),
    getPolicy: (r) => resources.get("policy", r.name),
    listPolicies: async (r) => {
      const { items, nextPageToken } = await resources.list("policy", r);
      return { policies: items, nextPageToken };
    },
    updatePolicy: (r, context) => logged(context, "policy", resources.update("policy", r.policy)),
    deletePolicy: (r, context) => remove(context, "policy", r),

    apply: async (r, context) => {
      const set = r.resources ?? create(messages.ResourceSetSchema);
      const result = await options.apply.apply({ set, prune: r.prune, dryRun: r.dryRun });
      if (!result.ok) throw applyFailure(result);
      const { changes, revision } = result;
      if (!r.dryRun) log.byCall(context, { revision: Number(revision), changes: changes.length });
      return { changes: [...changes], revision };
    },

    watchResources: unimplementedDelegates.tokens.whoAmI as never,
    listAuditEntries: unimplementedDelegates.tokens.whoAmI as never,
    watchAuditEntries: unimplementedDelegates.tokens.whoAmI as never,

    ...options.tokens,
    ...options.joining,
    ...options.status,
    ...options.nodes,
  };
}
