import { create, fromBinary } from "@bufbuild/protobuf";
import { sizeDelimitedEncode, sizeDelimitedPeek } from "@bufbuild/protobuf/wire";
import { admin } from "@headgate/proto";

/** What one replica tells the others: of itself, and of some of its nodes as they are now. */
export interface FleetReport {
  readonly replica: admin.Replica;
  readonly nodes: readonly admin.Node[];
}

/** A quarter of what the bus takes: a report is never refused for its size. */
export const reportBytesMax = 256 * 1024;

/** More of a refusal is shown by the replica that the node is connected to. */
const rejectionsMax = 5;
const messageMax = 200;

/** Two messages behind each other, each with its length before it. */
export function encodeFleetReport({ replica, nodes }: FleetReport): Uint8Array {
  const page = create(admin.ListNodesResponseSchema, { nodes: [...nodes] });
  return Buffer.concat([
    sizeDelimitedEncode(admin.ReplicaSchema, replica),
    sizeDelimitedEncode(admin.ListNodesResponseSchema, page),
  ]);
}

/** @throws Error if it is no report. */
export function decodeFleetReport(bytes: Uint8Array): FleetReport {
  const [replica, rest] = takeMessage(bytes);
  const [page] = takeMessage(rest);
  return {
    replica: fromBinary(admin.ReplicaSchema, replica),
    nodes: fromBinary(admin.ListNodesResponseSchema, page).nodes,
  };
}

/** Who made it, without its nodes. @throws Error if it is no report. */
export function reporterOf(bytes: Uint8Array): admin.Replica {
  return fromBinary(admin.ReplicaSchema, takeMessage(bytes)[0]);
}

/** In parts that each fit a report. */
export function* pagesOf(nodes: Iterable<admin.Node>): Generator<readonly admin.Node[]> {
  let page: admin.Node[] = [];
  let bytes = 0;
  for (const node of nodes) {
    const short = shortened(node);
    const size = roughBytes(short);
    if (bytes + size > reportBytesMax && page.length > 0) {
      yield page;
      page = [];
      bytes = 0;
    }
    page.push(short);
    bytes += size;
  }
  if (page.length > 0) yield page;
}

/** What is held back, every replica knows by itself. */
function shortened(node: admin.Node): admin.Node {
  const { lastNack } = node;
  const rejected = lastNack?.rejected.slice(0, rejectionsMax).map((rejection) => ({
    ...rejection,
    message: rejection.message.slice(0, messageMax),
  }));
  return {
    ...node,
    heldBack: [],
    ...(lastNack && { lastNack: { ...lastNack, rejected: rejected ?? [] } }),
  };
}

/** Not less than it is: names are ASCII, and messages are counted at three bytes a character. */
function roughBytes({ lastNack }: admin.Node): number {
  return 1_024 + (lastNack?.rejected.length ?? 0) * (3 * messageMax + 512);
}

function takeMessage(bytes: Uint8Array): [Uint8Array, Uint8Array] {
  const { eof, offset, size } = sizeDelimitedPeek(bytes);
  if (eof || offset === null || size === null || offset + size > bytes.length) {
    throw new Error("a report of the fleet is cut short");
  }
  return [bytes.subarray(offset, offset + size), bytes.subarray(offset + size)];
}
