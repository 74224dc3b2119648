import { toJson } from "@bufbuild/protobuf";
import { type Timestamp, timestampDate, timestampMs } from "@bufbuild/protobuf/wkt";
import { admin } from "@headgate/proto";
import type { AdminFlags } from "../commands/admin-flags.ts";
import type { ListFlags } from "../commands/tokens-command.ts";
import type { Io } from "../io.ts";
import { paint } from "../paint.ts";
import { formatTable, withoutControls } from "../table.ts";
import { printStructured } from "./print-structured.ts";
import { roleWord } from "./role-words.ts";
import { withAdmin } from "./with-admin.ts";

type Status = admin.GetStatusResponse;

const headings = "REPLICA,REGION,STATE,VERSION,NODES,LEADS,STARTED,LAST SEEN".split(",");

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
  io.stdout.write(
    formatTable(
      headings,
      answer.replicas.map((one) => row(one, answer)),
    ),
  );
  for (const line of leadersNotListed(answer)) io.stdout.write(`\n${withoutControls(line)}\n`);
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

/** Replicas say every ten seconds that they are there. */
const silentMs = 30_000;

function stateOf({ lastSeenTime }: admin.Replica, { replicas: [self] }: Status): string {
  const [seenMs, nowMs] = [lastSeenTime, self?.lastSeenTime].map((time) =>
    time ? timestampMs(time) : 0,
  );
  return (nowMs ?? 0) - (seenMs ?? 0) > silentMs ? "silent" : "up";
}

function leadersNotListed({ leaders, replicas }: Status): readonly string[] {
  const names = new Set(replicas.map(({ name }) => name));
  return leaders
    .filter(({ replica }) => !names.has(replica))
    .map(({ scope, replica }) =>
      replica === ""
        ? `nobody leads ${scope} now`
        : `${replica} leads ${scope}, and was not heard of over the bus`,
    );
}

function row(replica: admin.Replica, answer: Status): readonly string[] {
  const { leaders } = answer;
  const leads = leaders.filter((leader) => leader.replica === replica.name);
  return [
    replica.name,
    replica.region,
    stateOf(replica, answer),
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
