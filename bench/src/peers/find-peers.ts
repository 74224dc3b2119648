import type { Peer, PeerName } from "./peer.ts";
import { peers as allPeers } from "./registry.ts";

export interface FoundPeers {
  readonly peers: readonly Peer[];
  readonly versions: Readonly<Partial<Record<PeerName, string>>>;
  /** Who cannot take part, and why. */
  readonly skipped: readonly string[];
}

export async function findPeers(wanted: readonly PeerName[]): Promise<FoundPeers> {
  const probed = await Promise.all(
    allPeers
      .filter(({ name }) => wanted.includes(name))
      .map(async (peer) => ({ peer, probe: await peer.probe() })),
  );
  const versions: Partial<Record<PeerName, string>> = {};
  const skipped: string[] = [];
  for (const { peer, probe } of probed) {
    if (probe.available) versions[peer.name] = probe.version;
    else skipped.push(`${peer.name}: ${probe.reason}`);
  }
  return {
    peers: probed.filter((each) => each.probe.available).map(({ peer }) => peer),
    versions,
    skipped,
  };
}
