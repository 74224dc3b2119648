import type { Fault } from "../fault.ts";

/** All processes end at once, as when the power fails; providers are somebody else's. */
export const restartEverything: Fault = {
  name: "kill everything at once, and start it",
  run: async (trial) => {
    const { lab } = trial;
    const ours = lab.parts.filter(({ kind }) => kind !== "provider");
    let startedMs = 0;
    await trial.without(lab.nodes, async () => {
      await Promise.all(ours.map((part) => part.kill()));
      startedMs = trial.mends();
      // Nobody waits for anybody else: whoever needs another waits for it by itself.
      await Promise.all(ours.map((part) => part.start({ awaitReady: false })));
    });
    trial.measure("all nodes serve", startedMs);
    return await trial.recovery(startedMs, { from: "the start" });
  },
};
