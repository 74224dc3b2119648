import { systemClock } from "@headgate/core";
import { type FleetAnswer, type FleetRequest, machineMs } from "./fleet-messages.ts";
import { LightNode } from "./light-node.ts";

/** A process full of nodes. It ends with its parent. */

const nodes: LightNode[] = [];
const failures: string[] = [];
const times = new Map<bigint, number[]>();
let bytesBefore = 0;
let responsesBefore = 0;
let refused = 0;
/** Connections opened at the same time. */
const openingMax = 50;

process.on("disconnect", () => process.exit(0));
process.on("message", (request: FleetRequest) => {
  answer(request).then(
    (message) => process.send?.(message),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
});

async function answer(request: FleetRequest): Promise<FleetAnswer> {
  switch (request.type) {
    case "connect":
      for (let n = 0; n < request.count; n++) {
        const { origin, acceptsGzip } = request;
        nodes.push(
          new LightNode({ origin, acceptsGzip, name: `n-${request.from + n}`, onApplied }),
        );
      }
      await openAll(nodes);
      return { type: "connected", bytes: totalBytes(), refused };
    case "reset":
      times.clear();
      bytesBefore = totalBytes();
      responsesBefore = totalResponses();
      return { type: "reset" };
    case "reconnect": {
      const some = nodes.slice(0, request.count);
      for (const node of some) node.close();
      await systemClock.sleep(500);
      const before = totalBytes();
      await openAll(some);
      return { type: "reconnected", bytes: totalBytes() - before, nodes: some.length };
    }
    case "report":
      return {
        type: "report",
        bytes: totalBytes() - bytesBefore,
        responses: totalResponses() - responsesBefore,
        times: [...times].map(([revision, atMs]) => ({ revision: String(revision), atMs })),
        failures: failures.slice(0, 5),
      };
  }
}

async function openAll(some: readonly LightNode[]): Promise<void> {
  const waiting = [...some];
  await Promise.all(
    Array.from({ length: openingMax }, async () => {
      for (let node = waiting.pop(); node; node = waiting.pop()) await openUntilLive(node);
    }),
  );
}

async function openUntilLive(node: LightNode): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const result = await node.open();
    if (result === "live") return;
    if (result.retryAfterMs === undefined) failures.push(result.reason);
    refused += 1;
    await systemClock.sleep((result.retryAfterMs ?? 1_000) + Math.random() * 500);
  }
  throw new Error("a node does not get a snapshot");
}

function onApplied(revision: bigint): void {
  const known = times.get(revision);
  if (known) known.push(machineMs());
  else times.set(revision, [machineMs()]);
}

function totalBytes(): number {
  return nodes.reduce((sum, node) => sum + node.bytesRead, 0);
}

function totalResponses(): number {
  return nodes.reduce((sum, node) => sum + node.applied, 0);
}
