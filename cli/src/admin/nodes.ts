import { toJson } from "@bufbuild/protobuf";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { admin } from "@headgate/proto";
import type { NodesFlags } from "../commands/nodes-command.ts";
import type { Io } from "../io.ts";
import { paint } from "../paint.ts";
import { formatTable, withoutControls } from "../table.ts";
import { printStructured } from "./print-structured.ts";
import { withAdmin } from "./with-admin.ts";

const headings = ["NODE", "REGION", "STATE", "APPLIED", "CURRENT", "LAST SEEN", "BUILD"];

/** Who serves, from which version, and why one refused a newer one. */
export async function nodes(io: Io, flags: NodesFlags): Promise<void> {
  const answer = await withAdmin(flags, (client) => client.listNodes({}));
  if (flags.output !== "table") {
    const plain = toJson(admin.ListNodesResponseSchema, answer, { useProtoFieldName: true });
    return printStructured(io, flags.output, plain);
  }
  if (answer.nodes.length === 0) {
    io.stderr.write("No node has connected yet.\n");
    return;
  }
  io.stdout.write(formatTable(headings, answer.nodes.map(row)));
  for (const node of answer.nodes) io.stdout.write(refusal(io, node));
}

function row(node: admin.Node): readonly string[] {
  return [
    node.name,
    node.region,
    stateOf(node),
    String(node.appliedVersion),
    String(node.currentVersion),
    instant(node.lastSeenTime),
    node.build,
  ];
}

function stateOf(node: admin.Node): string {
  if (node.state !== admin.NodeState.CONNECTED) return "disconnected";
  return node.lastNack ? "refusing" : "connected";
}

/** The node's last refusal, one line for each resource it objects to. */
function refusal(io: Io, { name, lastNack }: admin.Node): string {
  if (!lastNack) return "";
  const reasons = lastNack.rejected.map(
    ({ kind, name: resource, message }) =>
      `  ${withoutControls(`${kind} ${resource}: ${message}`)}\n`,
  );
  const heading = `${name} refused version ${lastNack.version} at ${instant(lastNack.time)}:`;
  return `\n${paint(io.stdout, "red", withoutControls(heading))}\n${reasons.join("")}`;
}

function instant(time: Timestamp | undefined): string {
  return time ? timestampDate(time).toISOString() : "";
}
