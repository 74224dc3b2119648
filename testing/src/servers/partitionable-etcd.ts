import { type Link, startLink, startTunnelProxy } from "../links/index.ts";
import { type EtcdCluster, startEtcdCluster } from "./etcd-cluster.ts";
import type { EtcdOptions } from "./etcd-options.ts";

/** An etcd whose members can be cut off from each other, while clients still reach them all. */
export class PartitionableEtcd implements AsyncDisposable {
  readonly cluster: EtcdCluster;
  /** From one member, by index, to another. */
  readonly #links: ReadonlyMap<string, Link>;
  readonly #stack: AsyncDisposableStack;

  constructor(cluster: EtcdCluster, links: ReadonlyMap<string, Link>, stack: AsyncDisposableStack) {
    this.cluster = cluster;
    this.#links = links;
    this.#stack = stack;
  }

  /** No byte passes between this member and the others, either way. */
  isolate(index: number): void {
    for (const [ends, link] of this.#links) {
      if (ends.split(" ").includes(String(index))) link.cut();
    }
  }

  heal(): void {
    for (const link of this.#links.values()) link.heal();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

/**
 * Each member is told addresses that lead nowhere, and a tunnel proxy of its own that leads them to a
 * link for each pair. Go asks a proxy for a tunnel only to speak TLS; hence `--peer-auto-tls`.
 */
export async function startPartitionableEtcd({
  members = 3,
  each = {},
}: {
  readonly members?: number;
  readonly each?: EtcdOptions;
} = {}): Promise<PartitionableEtcd> {
  await using starting = new AsyncDisposableStack();
  const links = new Map<string, Link>();
  const proxies: string[] = [];
  for (const from of indexes(members)) {
    const routes = new Map<string, Link>();
    for (const to of indexes(members).filter((index) => index !== from)) {
      const link = starting.use(await startLink());
      routes.set(peerAddress(to), link);
      links.set(`${from} ${to}`, link);
    }
    proxies.push(starting.use(await startTunnelProxy(routes)).url);
  }
  const cluster = await startEtcdCluster({
    members,
    each,
    member: (index, { peerUrl }) => {
      const port = Number(new URL(peerUrl).port);
      for (const from of indexes(members)) {
        links.get(`${from} ${index}`)?.retarget({ host: "127.0.0.1", port });
      }
      return {
        advertisePeerUrl: `https://${peerAddress(index)}`,
        flags: ["--peer-auto-tls", `--listen-peer-urls=${peerUrl.replace(/^http:/, "https:")}`],
        env: { HTTPS_PROXY: proxies[index] ?? "" },
      };
    },
  });
  starting.use(cluster);
  return new PartitionableEtcd(cluster, links, starting.move());
}

function indexes(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** Of TEST-NET-1, RFC 5737: no machine has it. */
function peerAddress(index: number): string {
  return `192.0.2.${index + 1}:2380`;
}
