import { readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PlanePart } from "../../lab/parts/plane-part.ts";
import type { Fault } from "../fault.ts";
import { nodeMetric, readiness, statusForKey } from "../node-state.ts";
import { whyNoSmallDisk, withSmallDisk } from "../small-disk.ts";
import { type Trial, untilServing } from "../trial.ts";
import { until } from "../until.ts";

const unusableMessage = "the saved snapshot cannot be used, starting without it";
const unsavedMessage =
  "the snapshot cannot be saved on disk: serving goes on, but a restart without the control plane would begin with an older one";

/** Its state_dir is on a file system that has no room left. */
export function fillNodeDisk(region: string): Fault {
  return {
    name: `fill the disk of the node in ${region}`,
    unavailable: whyNoSmallDisk,
    run: async (trial) => {
      const node = trial.lab.node(`node/${region}`);
      return await withSmallDisk(
        { folder: join(node.folder, "state"), around: (work) => aroundStop(trial, node, work) },
        async (disk) => {
          const brokenMs = performance.now();
          await until(`${node.name} to count snapshots that it can't save`, async () => {
            disk.fill();
            return Number(await nodeMetric(node, "headgate_snapshot_save_failures_total")) > 0;
          });
          await untilLogged(node, unsavedMessage);
          await trial.keys.during.revoke();
          const recovery = await trial.recovery(brokenMs);
          await trial.keys.during.untilRefused();
          const mendedWallMs = Date.now();
          trial.mends();
          disk.makeRoom();
          await aroundStop(trial, node, async () => {
            const { mtimeMs } = statSync(snapshotOf(node));
            trial.check(mtimeMs >= mendedWallMs, `${node.name} ended and saved nothing, with room`);
          });
          return recovery;
        },
      );
    },
  };
}

/** With a control plane it gets a fresh one, and says what happened. */
export function corruptSnapshot(region: string): Fault {
  return {
    name: `corrupt the snapshot on the disk of the node in ${region}`,
    run: async (trial) => {
      const node = trial.lab.node(`node/${region}`);
      let startedMs = 0;
      await aroundStop(trial, node, async () => {
        flipOneByte(snapshotOf(node));
        startedMs = trial.mends();
      });
      await untilLogged(node, unusableMessage);
      await trial.keys.during.revoke();
      return await trial.recovery(startedMs, { from: "its start" });
    },
  };
}

/** Without a control plane there is nothing to serve, and it says so, until there is. */
export function truncateSnapshotAlone(region: string): Fault {
  return {
    name: `truncate the snapshot of the node in ${region} with no control plane`,
    run: async (trial) => {
      const { lab } = trial;
      const node = lab.node(`node/${region}`);
      let mendedMs = 0;
      await trial.without([node], async () => {
        await node.stop();
        await lab.kill("control-plane");
        const file = snapshotOf(node);
        truncateSync(file, Math.floor(statSync(file).size / 2));
        await node.start({ awaitReady: false });
        await until(`${node.name} to say that it can't serve`, async () => {
          return (await readiness(node)) === 503;
        });
        await untilLogged(node, unusableMessage);
        const status = await statusForKey(node, "sk-hg-anybody-at-all");
        trial.check(status === 503, `${node.name} answers ${status} to a call, with no snapshot`);
        mendedMs = trial.mends();
        await lab.start("control-plane");
        await untilServing(node);
        trial.measure("the node serves again", mendedMs);
      });
      return await trial.recovery(mendedMs, { from: "the control plane's start" });
    },
  };
}

/** Ended in peace, so that its disk has the newest; started again after `work`. */
async function aroundStop(
  trial: Trial,
  node: PlanePart,
  work: () => void | Promise<void>,
): Promise<void> {
  await trial.without([node], async () => {
    await node.stop();
    await work();
    await node.start();
  });
}

async function untilLogged(node: PlanePart, message: string): Promise<void> {
  const { logs } = node.headgate.process;
  await until(`${node.name} to log "${message}"`, () => logs.withMessage(message).length > 0);
}

function snapshotOf({ folder }: PlanePart): string {
  return join(folder, "state", "snapshot.sealed");
}

function flipOneByte(file: string): void {
  const bytes = readFileSync(file);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  writeFileSync(file, bytes);
}
