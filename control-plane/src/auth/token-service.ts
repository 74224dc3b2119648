import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ConnectError, HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type { Clock } from "@headgate/core";
import { admin } from "@headgate/proto";
import {
  aborted,
  alreadyExists,
  failedPrecondition,
  invalidResource,
  notFound,
} from "../admin/admin-errors.ts";
import { callerOf } from "../admin/caller.ts";
import type { Auditor } from "../audit/auditor.ts";
import { tokenDigest } from "../http/bearer-token.ts";
import { type ResourceCodec, resourceKey } from "../resources/resource-codec.ts";
import type { Compare, Entry, Store } from "../store/store.ts";
import { createAdminToken } from "./admin-token.ts";
import { checkAdminToken } from "./check-admin-token.ts";
import { type PutWrite, putToken, readToken, tokenKey, tokensPrefix } from "./stored-token.ts";
import { type TokenCache, tokensMax } from "./token-cache.ts";

export interface TokenServiceOptions {
  readonly store: Store;
  readonly codec: ResourceCodec;
  readonly clock: Clock;
  readonly auditor: Pick<Auditor, "sourceOf" | "entryForOther">;
  /** Of this replica: told at once of what it writes. */
  readonly cache: Pick<TokenCache, "put" | "remove" | "size">;
}

export type TokenService = Pick<
  ServiceImpl<typeof admin.AdminService>,
  "createAdminToken" | "listAdminTokens" | "deleteAdminToken" | "whoAmI"
>;

/** The part of AdminService that says who may call it. */
export function createTokenService(options: TokenServiceOptions): TokenService {
  return {
    createAdminToken: (request, context) => createToken(request, context, options),
    listAdminTokens: async () => ({ adminTokens: await listTokens(options) }),
    deleteAdminToken: async (request, context) => {
      await deleteToken(request, context, options);
      return {};
    },
    whoAmI: (_, context) => {
      const { actor, role, team = "", expireTimeMs } = callerOf(context).principal;
      const expireTime = expireTimeMs === undefined ? undefined : timestampFromMs(expireTimeMs);
      return { actor, role, team, ...(expireTime && { expireTime }) };
    },
  };
}

async function createToken(
  { adminToken: wanted, validateOnly }: admin.CreateAdminTokenRequest,
  context: HandlerContext,
  options: TokenServiceOptions,
) {
  const { store, codec, clock, cache, auditor } = options;
  const nowMs = clock.wallTimeMs();
  const problems = checkAdminToken(wanted, nowMs);
  if (!wanted || problems.length > 0) throw invalidResource(problems);
  const { name, role, team, expireTime } = wanted;
  const createdBy = callerOf(context).principal.actor;
  const createTime = timestampFromMs(nowMs);
  const made = { name, role, team, createTime, createdBy, ...(expireTime && { expireTime }) };
  const adminToken = create(admin.AdminTokenSchema, made);

  const teamStands = team === "" ? [] : [await compareTeam(team, store)];
  if ((await store.get(tokenKey(name))).value) throw exists(name);
  if (cache.size >= tokensMax) {
    throw failedPrecondition(`there are ${tokensMax} admin tokens, the most there may be`);
  }
  if (validateOnly) return { adminToken, token: "" };

  const token = createAdminToken();
  const tokenHash = new Uint8Array(tokenDigest(token));
  const stored = create(admin.StoredAdminTokenSchema, { adminToken, tokenHash });
  const put = putToken(name, { stored, codec });
  const entry = auditor.entryForOther(auditor.sourceOf(context), [change(name, "created")]);
  const result = await store.transact({
    compare: [{ key: tokenKey(name), revision: 0 }, ...teamStands],
    writes: [put, entry],
  });
  if (!result.ok) {
    if (result.conflicts.includes(tokenKey(name))) throw exists(name);
    throw notFound("team", team);
  }
  cache.put(entryOf(put, result.revision));
  return { adminToken, token };
}

/** Read from the store: what there is, not what this replica has heard of. */
async function listTokens({ store, codec }: TokenServiceOptions): Promise<admin.AdminToken[]> {
  const tokens: admin.AdminToken[] = [];
  let page = await store.list(tokensPrefix);
  const { revision } = page;
  for (;;) {
    for (const entry of page.value) {
      const { adminToken } = readToken(entry, codec);
      if (adminToken) tokens.push(adminToken);
    }
    const after = page.value.at(-1)?.key;
    if (!page.more || after === undefined) return tokens;
    page = await store.list(tokensPrefix, { revision, after });
  }
}

async function deleteToken(
  { name, validateOnly }: admin.DeleteAdminTokenRequest,
  context: HandlerContext,
  { store, cache, auditor }: TokenServiceOptions,
): Promise<void> {
  const key = tokenKey(name);
  if (name === "") throw invalidResource([{ path: "name", message: "is missing" }]);
  const { value: entry } = await store.get(key);
  if (!entry) throw notFound("admin token", name);
  if (validateOnly) return;
  const audit = auditor.entryForOther(auditor.sourceOf(context), [change(name, "deleted")]);
  const result = await store.transact({
    compare: [{ key, revision: entry.revision }],
    writes: [{ type: "delete", key }, audit],
  });
  // Tokens are never changed: whoever wrote in between deleted it.
  if (!result.ok) throw aborted(`admin token ${name} was deleted or made anew meanwhile`);
  cache.remove(name, result.revision);
}

/** That the team is there, and stays there until the token is written. */
async function compareTeam(team: string, store: Store): Promise<Compare> {
  const key = resourceKey("team", team);
  const { value } = await store.get(key);
  if (!value) throw notFound("team", team);
  return { key, revision: value.createRevision, target: "createRevision" };
}

function exists(name: string): ConnectError {
  return alreadyExists(`admin token ${name} exists: delete it first, or choose another name`);
}

function change(name: string, action: "created" | "deleted") {
  return { kind: "admin_token", name, action } as const;
}

function entryOf({ key, value }: PutWrite, revision: number): Entry {
  return { key, value, createRevision: revision, revision };
}
