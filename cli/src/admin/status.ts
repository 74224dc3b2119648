import { toJson } from "@bufbuild/protobuf";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { admin } from "@headgate/proto";
import type { AdminFlags } from "../commands/admin-flags.ts";
import type { ListFlags } from "../commands/tokens-command.ts";
import type { Io } from "../io.ts";
import { paint } from "../paint.ts";
import { formatTable, withoutControls } from "../table.ts";
import { printStructured } from "./print-structured.ts";
import { roleWord } from "./role-words.ts";
import { withAdmin } from "./with-admin.ts";

/** `headgate status`: the control plane, as the replica that answers sees it. */
export async function status(io: Io, flags: ListFlags): Promise<void> {
  const answer = await withAdmin(flags, (client) => client.getStatus({}));
  if (flags.output !== "table") {
    const json = toJson(admin.GetStatusResponseSchema, answer, { useProtoFieldName: true });
    return printStructured(io, flags.output, json);
  }
  io.stdout.write(`answered by  ${answer.replica} in ${answer.region}, build ${answer.build}\n`);
  io.stdout.write(`version      ${answer.version}\n`);
  io.stdout.write(`store        ${health(io, answer.store, answer.storeProblem)}\n`);
  io.stdout.write(`bus          ${health(io, answer.bus, answer.busProblem)}\n\n`);
  const headings = ["REPLICA", "REGION", "VERSION", "NODES", "LEADS", "STARTED", "LAST SEEN"];
  io.stdout.write(
    formatTable(
      headings,
      answer.replicas.map((one) => row(one, answer.leaders)),
    ),
  );
  const vacant = answer.leaders.filter(({ replica }) => replica === "");
  for (const { scope } of vacant) io.stdout.write(`\nnobody leads ${withoutControls(scope)} now\n`);
}

/** `headgate whoami`. */
export async function whoAmI(io: Io, flags: AdminFlags): Promise<void> {
  const { actor, role, team, expireTime } = await withAdmin(flags, (client) => client.whoAmI({}));
  const scope = team === "" ? "" : ` of ${team}`;
  const until = expireTime ? `, until ${instant(expireTime)}` : "";
  io.stdout.write(withoutControls(`${actor}: ${roleWord(role)}${scope}${until}`));
  io.stdout.write("\n");
}

function health(io: Io, kind: string, problem: string): string {
  if (problem === "") return `${kind}, ${paint(io.stdout, "green", "good")}`;
  return `${kind}, ${paint(io.stdout, "red", withoutControls(problem))}`;
}

function row(replica: admin.Replica, leaders: readonly admin.Leader[]): readonly string[] {
  const leads = leaders.filter((leader) => leader.replica === replica.name);
  return [
    replica.name,
    replica.region,
    String(replica.version),
    String(replica.connectedNodes),
    leads.map(({ scope }) => scope).join(","),
    instant(replica.startTime),
    instant(replica.lastSeenTime),
  ];
}

function instant(time: Timestamp | undefined): string {
  return time ? timestampDate(time).toISOString() : "";
}
