import type { admin } from "@headgate/proto";
import { type ChangeWord, changeWord } from "../change-word.ts";
import type { ApplyFlags } from "../commands/apply-command.ts";
import type { Io, Style } from "../io.ts";
import { paint } from "../paint.ts";
import { checkedResources } from "./checked-resources.ts";
import { withAdmin } from "./with-admin.ts";

/** `headgate apply`: checked here, with the places in the file, and applied there as a whole. */
export async function apply(io: Io, flags: ApplyFlags): Promise<void> {
  const set = await checkedResources(io, flags.file, "nothing was applied");
  const prune = flags.prune ?? false;
  const dryRun = flags.dryRun ?? false;
  const answer = await withAdmin(flags, (client) =>
    client.apply({ resources: set, prune, dryRun }),
  );
  for (const change of answer.changes) io.stdout.write(changeLine(io, change, dryRun));
  if (answer.changes.length === 0) io.stderr.write("The file names nothing, so nothing changed.\n");
}

const styles: Readonly<Record<ChangeWord, Style>> = {
  unchanged: "dim",
  created: "green",
  updated: "yellow",
  deleted: "red",
  changed: "yellow",
};

function changeLine(io: Io, { kind, name, action }: admin.Change, dryRun: boolean): string {
  const word = changeWord(action);
  return `${kind}/${name} ${paint(io.stdout, styles[word], word)}${dryRun ? " (dry run)" : ""}\n`;
}
