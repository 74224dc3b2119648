import { type Launcher, prepareLauncher } from "../peers/launch-peer.ts";
import type { Bench } from "./section.ts";

/** From the start of a process to the first answer through it. */
export async function startSection(bench: Bench, upstreamPort: number): Promise<void> {
  const launchers: Launcher[] = [];
  for (const peer of bench.peers) {
    if (peer.name === "direct") continue;
    launchers.push(await prepareLauncher(bench, peer, upstreamPort));
  }
  for (let round = 1; round <= bench.plan.launches; round += 1) {
    bench.say(`cold start, round ${round} of ${bench.plan.launches}`);
    for (const launcher of launchers) {
      const running = await launcher.launch();
      bench.samples.add("start", launcher.name, running.startMs);
      await running.stop();
    }
  }
  await Promise.all(launchers.map((launcher) => launcher.dispose()));
}
