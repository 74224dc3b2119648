import type { DataPlane } from "@headgate/data-plane";
import type { Logger } from "pino";

/** Let calls in flight finish, within the drain timeout, then stop. */
export async function shutDown(dataPlane: DataPlane, logger: Logger): Promise<void> {
  logger.info({ event: "draining" }, "new calls are refused, those in flight may finish");
  const { cut } = await dataPlane.drain();
  if (cut > 0) logger.warn({ event: "cut", calls: cut }, "calls were cut at the end of the drain");
  await dataPlane.stop();
}
