import type { AdminFlags } from "../commands/admin-flags.ts";
import type { Io } from "../io.ts";
import { withAdmin } from "./with-admin.ts";

export async function secretsStatus(io: Io, flags: AdminFlags): Promise<void> {
  const { values, stale } = await withAdmin(flags, (client) => client.getSecretsStatus({}));
  io.stdout.write(
    `${values} sealed values, ${stale} of them with a key that is not the current one\n`,
  );
}

export async function reseal(io: Io, flags: AdminFlags): Promise<void> {
  const { resealed } = await withAdmin(flags, (client) => client.resealSecrets({}));
  io.stdout.write(`${resealed} values were sealed anew\n`);
}
