import { CliError } from "../cli-error.ts";
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
  // As long as it takes: hundreds of values a second.
  const { resealed, remaining, unreadable } = await withAdmin(flags, (client) =>
    client.resealSecrets({}, { timeoutMs: 0 }),
  );
  io.stdout.write(`${resealed} values were sealed anew\n`);
  if (remaining === 0n) return;
  const reason =
    unreadable === 0n
      ? "do all replicas have the same current key?"
      : `${unreadable} can't be opened`;
  throw new CliError(`${remaining} values are still under another key, so keep it: ${reason}`);
}
