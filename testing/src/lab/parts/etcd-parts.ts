import { type LinkTarget, startTunnelProxy } from "../../links/index.ts";
import { type EtcdServer, startEtcdCluster } from "../../servers/index.ts";
import type { LabLinks } from "../lab-links.ts";
import type { LabSettings } from "../lab-options.ts";
import { Part, type Runner } from "../part.ts";
import { type Endpoint, endpointOf } from "../place.ts";
import type { PlacedTarget } from "./plane-part.ts";

export interface EtcdParts {
  readonly parts: readonly Part[];
  readonly servers: ReadonlyMap<string, EtcdServer>;
  /** Where members listen for clients. */
  readonly targets: readonly PlacedTarget[];
}

/**
 * One etcd of a member per region, with a link for each pair of members.
 *
 * etcd knows one address per member, the same for all, so a proxy in front of a member could not tell
 * who connects. The addresses here are reserved for documentation and lead nowhere: each member gets a
 * tunnel proxy of its own, which leads them to links of this member's. Go's HTTP client asks for a
 * tunnel only to speak TLS; `--peer-auto-tls` makes certificates nobody needs to know about.
 */
export async function startEtcdParts(
  { regions, etcd }: Pick<LabSettings, "regions" | "etcd">,
  links: LabLinks,
  stack: AsyncDisposableStack,
): Promise<EtcdParts> {
  const endpoints = regions.map((region) => endpointOf("etcd", region));
  const proxies = await Promise.all(
    endpoints.map((from) => peerProxy(from, endpoints, links, stack)),
  );
  const cluster = stack.use(
    await startEtcdCluster({
      members: regions.length,
      each: etcd,
      member: (index, { peerUrl }) => {
        const to = endpoints[index];
        for (const link of to ? links.into(to, "peer") : []) link.retarget(targetOf(peerUrl));
        return {
          name: regions[index] ?? "",
          advertisePeerUrl: `https://${peerAddress(index)}`,
          flags: ["--peer-auto-tls", `--listen-peer-urls=${peerUrl.replace(/^http:/, "https:")}`],
          env: { HTTPS_PROXY: proxies[index] ?? "" },
        };
      },
    }),
  );
  const members = endpoints.map((part, index) => ({ part, server: cluster.member(index) }));
  return {
    parts: members.map(({ part, server }) => new Part(part, runnerOf(server), portsOf(server))),
    servers: new Map(members.map(({ part, server }) => [part.name, server])),
    targets: members.map(({ part, server }) => ({ part, ...targetOf(server.clientUrl) })),
  };
}

/** Of TEST-NET-1, RFC 5737: no machine has it. */
function peerAddress(index: number): string {
  return `192.0.2.${index + 1}:2380`;
}

async function peerProxy(
  from: Endpoint,
  endpoints: readonly Endpoint[],
  links: LabLinks,
  stack: AsyncDisposableStack,
): Promise<string> {
  const routes = await Promise.all(
    endpoints.flatMap((to, index) =>
      to === from
        ? []
        : [
            links
              .make({ from, to, use: "peer" })
              .then((link) => [peerAddress(index), link] as const),
          ],
    ),
  );
  return stack.use(await startTunnelProxy(new Map(routes))).url;
}

function targetOf(url: string): LinkTarget {
  const { hostname: host, port } = new URL(url);
  return { host, port: Number(port) };
}

function portsOf({ clientUrl, peerUrl }: EtcdServer): Readonly<Record<string, string>> {
  return { client: new URL(clientUrl).host, peer: new URL(peerUrl).host };
}

function runnerOf(server: EtcdServer): Runner {
  return {
    get running() {
      return server.running;
    },
    get pid() {
      return server.running ? server.pid : undefined;
    },
    start: (awaitReady) => server.start({ awaitHealth: awaitReady }),
    stop: () => server.stop(),
    kill: () => server.kill(),
    pause: () => server.pause(),
    resume: () => server.resume(),
    tail: (lines) => server.logs.tail(lines),
  };
}
