import { create } from "@bufbuild/protobuf";
import { resources } from "@headgate/proto";
import type { AdminFlags } from "../commands/admin-flags.ts";
import type { CreateKeyFlags } from "../commands/keys-command.ts";
import type { Io } from "../io.ts";
import { withAdmin } from "./with-admin.ts";

export async function createKey(
  io: Io,
  { name, flags }: { readonly name: string; readonly flags: CreateKeyFlags },
): Promise<void> {
  const key = create(resources.KeySchema, {
    name,
    team: flags.team ?? "",
    user: flags.user ?? "",
    models: [...(flags.models ?? [])],
  });
  const answer = await withAdmin(flags, (client) => client.createKey({ key }));
  printSecret(io, answer.secret, `key ${name} created`);
}

export async function rotateKey(
  io: Io,
  { name, flags }: { readonly name: string; readonly flags: AdminFlags },
): Promise<void> {
  const answer = await withAdmin(flags, (client) => client.rotateKey({ name }));
  printSecret(io, answer.secret, `key ${name} has a new secret, the old one is refused`);
}

export async function revokeKeys(
  io: Io,
  { names, flags }: { readonly names: readonly string[]; readonly flags: AdminFlags },
): Promise<void> {
  await withAdmin(flags, async (client) => {
    for (const name of names) {
      await client.revokeKey({ name });
      io.stdout.write(`key/${name} revoked\n`);
    }
  });
}

/** The secret alone on standard output, so that `$(...)` gets it; the words for people beside it. */
function printSecret(io: Io, secret: string, what: string): void {
  io.stderr.write(`${what}. This is the only time its secret is shown:\n`);
  io.stdout.write(`${secret}\n`);
}
