import { create } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import { formatProblem } from "@headgate/config";
import { admin } from "@headgate/proto";
import { invalidArgument, notFound } from "../admin/admin-errors.ts";
import type { OtherChange } from "../audit/auditor.ts";
import type { Compare, Write } from "../store/store.ts";
import {
  joinTokenRecords,
  nodeRecords,
  putRecord,
  readRecord,
  recordKey,
} from "./identity-records.ts";
import type { JoinNodeOptions } from "./join-node.ts";
import { checkJoinToken, createJoinToken } from "./join-token.ts";

export type JoinTokenService = Pick<
  ServiceImpl<typeof admin.AdminService>,
  "createJoinToken" | "listJoinTokens" | "deleteJoinToken" | "deleteNode"
>;

const tokensMax = 10_000;

/** How administrators let nodes in, and out. */
export function createJoinTokenService(
  options: Pick<JoinNodeOptions, "store" | "codec" | "clock" | "auditor">,
): JoinTokenService {
  const { store, codec, clock, auditor } = options;

  async function list(): Promise<admin.StoredJoinToken[]> {
    const { value } = await store.list(joinTokenRecords.prefix, { limit: tokensMax });
    return value.map((entry) => readRecord(joinTokenRecords, entry, codec));
  }

  async function commit(
    context: HandlerContext,
    change: OtherChange,
    { compare, writes }: { compare: readonly Compare[]; writes: readonly Write[] },
  ): Promise<void> {
    const entry = auditor.entryForOther(auditor.sourceOf(context), [change]);
    const { ok } = await store.transact({ compare, writes: [...writes, entry] });
    if (!ok) throw new ConnectError("it was changed meanwhile: try again", Code.Aborted);
  }

  async function remove(
    context: HandlerContext,
    { kind, name, key }: { kind: string; name: string; key: string },
  ): Promise<Record<string, never>> {
    const { value: entry } = await store.get(key);
    if (!entry) throw notFound(kind, name);
    await commit(
      context,
      { kind, name, action: "deleted" },
      { compare: [{ key, revision: entry.revision }], writes: [{ type: "delete", key }] },
    );
    return {};
  }

  return {
    createJoinToken: async ({ joinToken: given }, context) => {
      const wanted = given ?? create(admin.JoinTokenSchema);
      const nowMs = clock.wallTimeMs();
      const problems = checkJoinToken(wanted, nowMs);
      if (problems.length > 0) throw invalidArgument(problems.map(formatProblem).join("\n"));
      if ((await list()).length >= tokensMax) {
        throw new ConnectError(
          `there are ${tokensMax} join tokens: delete some`,
          Code.ResourceExhausted,
        );
      }
      const createdBy = auditor.sourceOf(context).actor;
      const { token, stored } = createJoinToken(wanted, { nowMs, createdBy });
      const joinToken = stored.joinToken ?? create(admin.JoinTokenSchema);
      await commit(
        context,
        { kind: "join_token", name: joinToken.id, action: "created" },
        {
          compare: [{ key: recordKey(joinTokenRecords, joinToken.id), revision: 0 }],
          writes: [putRecord(joinTokenRecords, joinToken.id, { message: stored, codec })],
        },
      );
      return { joinToken, token };
    },
    listJoinTokens: async () => {
      const tokens = (await list()).flatMap(({ joinToken }) => (joinToken ? [joinToken] : []));
      return { joinTokens: tokens.sort((a, b) => createTimeMs(b) - createTimeMs(a)) };
    },
    deleteJoinToken: ({ id }, context) =>
      remove(context, {
        kind: "join_token",
        name: id,
        key: recordKey(joinTokenRecords, checked(id)),
      }),
    deleteNode: ({ name }, context) =>
      remove(context, { kind: "node", name, key: recordKey(nodeRecords, checked(name)) }),
  };
}

function checked(name: string): string {
  if (name === "") throw invalidArgument("a name is required");
  return name;
}

function createTimeMs({ createTime }: admin.JoinToken): number {
  return createTime ? timestampMs(createTime) : 0;
}
