import { toJson } from "@bufbuild/protobuf";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { admin } from "@headgate/proto";
import type { AdminFlags } from "../commands/admin-flags.ts";
import type { NodesFlags } from "../commands/nodes-command.ts";
import type { Io } from "../io.ts";
import { paint } from "../paint.ts";
import { formatTable, withoutControls } from "../table.ts";
import { printStructured } from "./print-structured.ts";
import { withAdmin } from "./with-admin.ts";

interface Column {
  readonly heading: string;
  readonly of: (node: admin.Node) => string;
}

const who: readonly Column[] = [
  { heading: "NODE", of: ({ name }) => name },
  { heading: "REGION", of: ({ region }) => region },
  { heading: "STATE", of: stateOf },
  { heading: "APPLIED", of: ({ appliedVersion }) => String(appliedVersion) },
  { heading: "CURRENT", of: ({ currentVersion }) => String(currentVersion) },
];
const load: readonly Column[] = [
  { heading: "IN FLIGHT", of: (node) => (node.load ? String(node.load.inFlight) : unknown) },
  { heading: "CALLS/S", of: (node) => node.load?.callsPerSecond?.toFixed(1) ?? unknown },
];
const whence: readonly Column[] = [
  { heading: "LAST SEEN", of: ({ lastSeenTime }) => instant(lastSeenTime) },
  { heading: "BUILD", of: ({ build }) => build },
  { heading: "REPLICA", of: ({ replica }) => replica },
];
/** The node has not reported it, or not twice. */
const unknown = "-";

/** Who serves, from which version, and why one refused a newer one. */
export async function nodes(io: Io, flags: NodesFlags): Promise<void> {
  const answer = await withAdmin(flags, (client) => client.listNodes({ filter: flags.filter }));
  if (flags.output !== "table") {
    const plain = toJson(admin.ListNodesResponseSchema, answer, { useProtoFieldName: true });
    return printStructured(io, flags.output, plain);
  }
  if (answer.nodes.length === 0) {
    io.stderr.write("No node has connected yet.\n");
    return;
  }
  io.stdout.write(nodesTable(answer.nodes));
  for (const node of answer.nodes) io.stdout.write(refusal(io, node) + heldBack(io, node));
}

export async function deleteNodes(
  io: Io,
  { names, flags }: { readonly names: readonly string[]; readonly flags: AdminFlags },
): Promise<void> {
  await withAdmin(flags, async (client) => {
    for (const name of names) {
      await client.deleteNode({ name });
      io.stdout.write(`node/${name} deleted\n`);
    }
  });
}

/** Without columns for load where no node reports any. */
function nodesTable(all: readonly admin.Node[]): string {
  const hasLoad = all.some((node) => node.load !== undefined);
  const columns = [...who, ...(hasLoad ? load : []), ...whence];
  const rows = all.map((node) => columns.map(({ of }) => of(node)));
  return formatTable(
    columns.map(({ heading }) => heading),
    rows,
  );
}

function stateOf(node: admin.Node): string {
  if (node.state !== admin.NodeState.CONNECTED) return "disconnected";
  if (node.lastNack) return "refusing";
  return node.load?.draining ? "draining" : "connected";
}

/** The node's last refusal, one line for each resource it objects to. */
function refusal(io: Io, { name, lastNack }: admin.Node): string {
  if (!lastNack) return "";
  const heading = `${name} refused version ${lastNack.version} at ${instant(lastNack.time)}:`;
  return reasons(io, heading, lastNack.rejected);
}

/** What its like refused, so that it was not sent. */
function heldBack(io: Io, { name, build, heldBack: held }: admin.Node): string {
  if (held.length === 0) return "";
  return reasons(io, `held back from ${name}, since nodes of build ${build} refuse it:`, held);
}

function reasons(io: Io, heading: string, rejected: readonly admin.Rejection[]): string {
  const lines = rejected.map(
    ({ kind, name, message }) => `  ${withoutControls(`${kind} ${name}: ${message}`)}\n`,
  );
  return `\n${paint(io.stdout, "red", withoutControls(heading))}\n${lines.join("")}`;
}

function instant(time: Timestamp | undefined): string {
  return time ? timestampDate(time).toISOString() : "";
}
