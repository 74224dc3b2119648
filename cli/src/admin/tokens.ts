import { toJson } from "@bufbuild/protobuf";
import { timestampDate, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { admin } from "@headgate/proto";
import type { AdminFlags } from "../commands/admin-flags.ts";
import type { CreateTokenFlags, ListFlags } from "../commands/tokens-command.ts";
import type { Io } from "../io.ts";
import { formatTable } from "../table.ts";
import { printStructured } from "./print-structured.ts";
import { roleFrom, roleWord } from "./role-words.ts";
import { withAdmin } from "./with-admin.ts";

/** The token alone is on standard output, so that a script can keep it. */
export async function createToken(
  io: Io,
  { name, flags }: { readonly name: string; readonly flags: CreateTokenFlags },
): Promise<void> {
  const adminToken = {
    name,
    role: roleFrom(flags.role),
    team: flags.team ?? "",
    ...(flags.ttl !== undefined && { expireTime: timestampFromMs(Date.now() + flags.ttl) }),
  };
  const { token } = await withAdmin(flags, (client) => client.createAdminToken({ adminToken }));
  io.stdout.write(`${token}\n`);
  io.stderr.write(`This is the only time that the token ${name} is shown.\n`);
}

export async function listTokens(io: Io, flags: ListFlags): Promise<void> {
  const answer = await withAdmin(flags, (client) => client.listAdminTokens({}));
  if (flags.output !== "table") {
    const json = toJson(admin.ListAdminTokensResponseSchema, answer, { useProtoFieldName: true });
    return printStructured(io, flags.output, json);
  }
  if (answer.adminTokens.length === 0) {
    io.stderr.write("There is no token but the root token.\n");
    return;
  }
  const headings = ["TOKEN", "ROLE", "TEAM", "EXPIRES", "CREATED BY"];
  io.stdout.write(formatTable(headings, answer.adminTokens.map(row)));
}

export async function deleteTokens(
  io: Io,
  { names, flags }: { readonly names: readonly string[]; readonly flags: AdminFlags },
): Promise<void> {
  await withAdmin(flags, async (client) => {
    for (const name of names) {
      await client.deleteAdminToken({ name });
      io.stdout.write(`token/${name} deleted\n`);
    }
  });
}

function row({ name, role, team, expireTime, createdBy }: admin.AdminToken): readonly string[] {
  const expires = expireTime ? timestampDate(expireTime).toISOString() : "never";
  return [name, roleWord(role), team, expires, createdBy];
}
