import { type NatsServer, startNats, startNatsSuperCluster } from "../../servers/index.ts";
import type { LabLinks } from "../lab-links.ts";
import { Part, type Runner } from "../part.ts";
import { endpointOf } from "../place.ts";
import type { PlacedTarget } from "./plane-part.ts";

export interface NatsParts {
  readonly parts: readonly Part[];
  readonly servers: ReadonlyMap<string, NatsServer>;
  /** Where servers listen for clients. */
  readonly targets: readonly PlacedTarget[];
}

/**
 * One NATS cluster of one server per region, joined by gateways over a link for each pair. Clients can
 * connect; JetStream may still be electing its leader.
 */
export async function startNatsParts(
  regions: readonly string[],
  links: LabLinks,
  stack: AsyncDisposableStack,
): Promise<NatsParts> {
  const cluster = await startServers(regions, links, stack);
  const members = regions.flatMap((region) => {
    const server = cluster.get(region);
    return server ? [{ part: endpointOf("nats", region), server }] : [];
  });
  return {
    parts: members.map(({ part, server }) => new Part(part, runnerOf(server), portsOf(server))),
    servers: new Map(members.map(({ part, server }) => [part.name, server])),
    targets: members.map(({ part, server: { ports } }) => ({
      ...{ part, host: "127.0.0.1", port: ports.client },
    })),
  };
}

/** One region has nobody to meet, and JetStream would wait for somebody. */
async function startServers(
  regions: readonly string[],
  links: LabLinks,
  stack: AsyncDisposableStack,
): Promise<ReadonlyMap<string, NatsServer>> {
  const [only = ""] = regions;
  if (regions.length === 1) return new Map([[only, stack.use(await startNats({ name: only }))]]);
  return stack.use(
    await startNatsSuperCluster(regions, {
      awaitJetStream: false,
      gatewayAddress: async ({ from, to, address }) => {
        const [host = "", port] = address.split(":");
        const where = {
          from: endpointOf("nats", from),
          to: endpointOf("nats", to),
          use: "gateway",
        };
        return (await links.make(where, { host, port: Number(port) })).address;
      },
    }),
  );
}

function portsOf({ ports: { client, monitor } }: NatsServer): Readonly<Record<string, string>> {
  return { client: `127.0.0.1:${client}`, monitor: `127.0.0.1:${monitor}` };
}

function runnerOf(server: NatsServer): Runner {
  return {
    get running() {
      return server.running;
    },
    get pid() {
      return server.running ? server.pid : undefined;
    },
    // Waiting for JetStream would be waiting for the other regions as well.
    start: () => server.restart(),
    stop: () => server.stop(),
    kill: () => server.kill(),
    pause: () => server.pause(),
    resume: () => server.resume(),
    tail: (lines) => server.output.trimEnd().split("\n").slice(-lines).join("\n"),
  };
}
