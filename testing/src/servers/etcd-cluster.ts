import { systemClock } from "@headgate/core";
import type { EtcdOptions } from "./etcd-options.ts";
import { enableRootAuth } from "./etcd-root-auth.ts";
import { EtcdServer, settingsFrom } from "./etcd-server.ts";

export interface EtcdClusterOptions {
  /** Default 3. */
  readonly members?: number;
  /** Of every member, before its own. */
  readonly each?: EtcdOptions;
  /** Of one member, told the addresses it listens on: what to advertise instead, say. */
  readonly member?: (index: number, listens: EtcdListens) => EtcdOptions | Promise<EtcdOptions>;
}

export interface EtcdListens {
  readonly name: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
}

/** A real etcd of several members, healthy, on 127.0.0.1. Slower elections than one alone: 100 and 1,000 ms. */
export async function startEtcdCluster(options: EtcdClusterOptions = {}): Promise<EtcdCluster> {
  const settings = await clusterSettings(options);
  const cluster = new EtcdCluster(settings.map((each) => new EtcdServer(each)));
  try {
    await Promise.all(cluster.members.map((member) => member.start()));
    const password = options.each?.rootPassword;
    const first = cluster.members[0];
    if (password !== undefined && first) await enableRootAuth(first, password);
    return cluster;
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
}

export class EtcdCluster implements AsyncDisposable {
  readonly members: readonly EtcdServer[];

  constructor(members: readonly EtcdServer[]) {
    this.members = members;
  }

  /** Where the members listen for clients. */
  get clientUrls(): string[] {
    return this.members.map(({ clientUrl }) => clientUrl);
  }

  member(index: number): EtcdServer {
    const member = this.members[index];
    if (!member) throw new RangeError(`no member ${index} of ${this.members.length}`);
    return member;
  }

  /** The one member that claims to lead, waiting until there is exactly one. */
  async leader(withinMs = 10_000): Promise<EtcdServer> {
    const deadlineMs = performance.now() + withinMs;
    while (performance.now() < deadlineMs) {
      const claims = await Promise.all(this.members.map((member) => member.isLeader()));
      const leaders = this.members.filter((_, index) => claims[index]);
      if (leaders.length === 1 && leaders[0]) return leaders[0];
      await systemClock.sleep(50);
    }
    throw new Error(`no one leader of the etcd members within ${withinMs} ms`);
  }

  /** The members that do not lead. */
  async followers(): Promise<EtcdServer[]> {
    const leader = await this.leader();
    return this.members.filter((member) => member !== leader);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.members.map((member) => member[Symbol.asyncDispose]()));
  }
}

async function clusterSettings({ members = 3, each = {}, member }: EtcdClusterOptions) {
  const slower = { heartbeatMs: 100, electionMs: 1000 };
  const chosen = await Promise.all(
    Array.from({ length: members }, async (_, index) => {
      const name = `m${index}`;
      const listening = await settingsFrom({ ...slower, ...each, name });
      const { clientUrl, peerUrl } = listening;
      return { ...listening, ...(await member?.(index, { name, clientUrl, peerUrl })) };
    }),
  );
  const cluster = Object.fromEntries(
    chosen.map((settings) => [settings.name, settings.advertisePeerUrl ?? settings.peerUrl]),
  );
  return chosen.map((settings) => ({ ...settings, cluster }));
}
