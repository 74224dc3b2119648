import { create } from "@bufbuild/protobuf";
import { formatResourceSet } from "@headgate/config";
import { admin, resources } from "@headgate/proto";
import { createTwoFilesPatch } from "diff";
import { CliError } from "../cli-error.ts";
import type { DiffFlags } from "../commands/diff-command.ts";
import type { Io, Style } from "../io.ts";
import { paint } from "../paint.ts";
import { checkedResources } from "./checked-resources.ts";
import { withAdmin } from "./with-admin.ts";
import { withoutMetadata } from "./without-metadata.ts";

/** `headgate diff`: a dry run of apply, shown as a unified diff of YAML. */
export async function diff(io: Io, flags: DiffFlags): Promise<void> {
  const set = await checkedResources(io, flags.file, "nothing was compared");
  const prune = flags.prune ?? false;
  const answer = await withAdmin(flags, (client) =>
    client.apply({ resources: set, prune, dryRun: true }),
  );
  const changes = answer.changes.filter(({ action }) => action !== admin.ChangeAction.UNCHANGED);
  for (const change of changes) io.stdout.write(painted(io, diffOf(change)));
  if (changes.length === 0) io.stderr.write("No differences.\n");
  else if (flags.exitCode) throw new CliError(`${changes.length} resources differ`);
}

/** Secrets are in neither text, so what changes of them stands above. */
function diffOf(change: admin.Change): string {
  const name = `${change.kind}/${change.name}`;
  const secrets = change.changedFields
    .filter((path) => secretPattern.test(path))
    .map((path) => `# ${name} ${path}: another secret\n`);
  const before = yamlOf(change.before);
  const after = yamlOf(change.after);
  if (before === after) return secrets.join("");
  const from = before === "" ? "/dev/null" : `a/${name}`;
  const to = after === "" ? "/dev/null" : `b/${name}`;
  const patch = createTwoFilesPatch(from, to, before, after, undefined, undefined, { context: 3 });
  return secrets.join("") + patch.replace(/^=+\n/, "");
}

const secretPattern = /(?:^|\.)(?:api_key|secret|secret_hash|secret_access_key|session_token)$/;

function yamlOf(resource: admin.Resource | undefined): string {
  const one = resource?.resource;
  if (one?.case === undefined) return "";
  return formatResourceSet(withoutMetadata(create(resources.ResourceSetSchema, setOf(one))));
}

type One = Exclude<admin.Resource["resource"], { case: undefined }>;

function setOf(one: One) {
  switch (one.case) {
    case "provider":
      return { providers: [one.value] };
    case "model":
      return { models: [one.value] };
    case "team":
      return { teams: [one.value] };
    case "key":
      return { keys: [one.value] };
    case "policy":
      return { policy: one.value };
  }
}

const styles: Readonly<Record<string, Style>> = {
  "+": "green",
  "-": "red",
  "@": "dim",
  "#": "yellow",
};

function painted(io: Io, text: string): string {
  return text.replace(/^([-+@#]).*$/gm, (line: string, mark: string) =>
    paint(io.stdout, styles[mark] ?? "dim", line),
  );
}
