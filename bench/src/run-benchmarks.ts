import { type Launcher, prepareLauncher, type RunningPeer } from "./peers/launch-peer.ts";
import { latencySection } from "./sections/latency-section.ts";
import { memorySection } from "./sections/memory-section.ts";
import { plainSection } from "./sections/plain-section.ts";
import type { Bench, FleetSection, SectionName } from "./sections/section.ts";
import { startSection } from "./sections/start-section.ts";
import { streamSection } from "./sections/stream-section.ts";
import { startUpstream } from "./upstream/start-upstream.ts";

const fleetSections = new Map<SectionName, FleetSection>([
  ["cpu", plainSection],
  ["stream", streamSection],
  ["latency", latencySection],
]);

/** Run the chosen sections, one after the other: they share the machine. */
export async function runBenchmarks(bench: Bench, sections: readonly SectionName[]): Promise<void> {
  const upstream = await startUpstream(bench.children);
  if (sections.some((name) => fleetSections.has(name))) {
    await withFleet(bench, upstream.port, async (fleet) => {
      for (const name of sections) await fleetSections.get(name)?.(bench, fleet);
    });
  }
  if (sections.includes("memory")) await memorySection(bench);
  if (sections.includes("start")) await startSection(bench, upstream.port);
  await upstream.stop();
}

/** Start all peers, so that rounds can go from one to the next: what disturbs a round, disturbs all. */
async function withFleet(
  bench: Bench,
  upstreamPort: number,
  measure: (fleet: readonly RunningPeer[]) => Promise<void>,
): Promise<void> {
  const launchers: Launcher[] = [];
  const fleet: RunningPeer[] = [];
  // The same data plane as `headgate`: it is measured where it differs, in memory and start.
  for (const peer of bench.peers.filter(({ name }) => name !== "headgate-up")) {
    const launcher = await prepareLauncher(bench, peer, upstreamPort);
    launchers.push(launcher);
    fleet.push(await launcher.launch());
  }
  await measure(fleet);
  await Promise.all(fleet.map((peer) => peer.stop()));
  await Promise.all(launchers.map((launcher) => launcher.dispose()));
}
