import { toJson } from "@bufbuild/protobuf";
import { timestampDate, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { admin } from "@headgate/proto";
import type { AdminFlags } from "../commands/admin-flags.ts";
import type { CreateJoinTokenFlags } from "../commands/join-tokens-command.ts";
import type { ListFlags } from "../commands/tokens-command.ts";
import type { Io } from "../io.ts";
import { formatTable } from "../table.ts";
import { printStructured } from "./print-structured.ts";
import { withAdmin } from "./with-admin.ts";

/** The token alone is on standard output, so that a script can pass it on. */
export async function createJoinToken(io: Io, flags: CreateJoinTokenFlags): Promise<void> {
  const wanted = {
    region: flags.region ?? "",
    node: flags.node ?? "",
    usesMax: flags.uses,
    ...(flags.ttl !== undefined && { expireTime: timestampFromMs(Date.now() + flags.ttl) }),
  };
  const { token, joinToken } = await withAdmin(flags, (client) =>
    client.createJoinToken({ joinToken: wanted }),
  );
  io.stdout.write(`${token}\n`);
  io.stderr.write(
    `Give it to the node as control_plane: {join_token: ...}. It lets in ${flags.uses === 1 ? "one node" : `${flags.uses} nodes`} until ${expiry(joinToken)}.\n`,
  );
}

export async function listJoinTokens(io: Io, flags: ListFlags): Promise<void> {
  const answer = await withAdmin(flags, (client) => client.listJoinTokens({}));
  if (flags.output !== "table") {
    const json = toJson(admin.ListJoinTokensResponseSchema, answer, { useProtoFieldName: true });
    return printStructured(io, flags.output, json);
  }
  if (answer.joinTokens.length === 0) {
    io.stderr.write("There is no join token.\n");
    return;
  }
  const headings = ["ID", "REGION", "NODE", "USED", "EXPIRES", "CREATED BY"];
  io.stdout.write(formatTable(headings, answer.joinTokens.map(row)));
}

export async function deleteJoinTokens(
  io: Io,
  { ids, flags }: { readonly ids: readonly string[]; readonly flags: AdminFlags },
): Promise<void> {
  await withAdmin(flags, async (client) => {
    for (const id of ids) {
      await client.deleteJoinToken({ id });
      io.stdout.write(`join-token/${id} deleted\n`);
    }
  });
}

function row(token: admin.JoinToken): readonly string[] {
  const { id, region, node, uses, usesMax, createdBy } = token;
  return [id, region || "any", node || "any", `${uses}/${usesMax}`, expiry(token), createdBy];
}

function expiry(token: admin.JoinToken | undefined): string {
  return token?.expireTime ? timestampDate(token.expireTime).toISOString() : "-";
}
