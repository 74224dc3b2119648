import type { Lab } from "../lab/index.ts";

/** Everything runs and is connected, whatever was done to it. */
export async function restore(lab: Lab): Promise<void> {
  lab.heal();
  for (const part of lab.parts) part.resume();
  const stopped = lab.parts.filter(({ state }) => state === "stopped");
  await Promise.all(stopped.map((part) => part.start()));
}
