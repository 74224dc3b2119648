import type { Plan } from "./plan.ts";

/** Files that a process has open beside the two sockets of each stream. */
const otherFiles = 200;

/** Below this share of what was planned, a figure would be called by a wrong name. */
const shareMin = 0.9;

/** Make the plan one that a machine allows where a process may open `files` files. */
export function fitPlan(
  plan: Plan,
  files: number,
): { readonly plan: Plan; readonly notices: readonly string[] } {
  const streamsMax = Math.floor((files - otherFiles) / 2);
  const fits = (streams: number) => streamsMax >= streams * shareMin;
  const heldStreams = plan.heldStreams.filter(fits).map((each) => Math.min(each, streamsMax));
  const reason = `a process may open ${files} files here (ulimit -Hn), and a stream takes two`;
  const notices = plan.heldStreams
    .filter((streams) => streams > streamsMax)
    .map((streams) =>
      fits(streams)
        ? `${streamsMax} open streams instead of ${streams}: ${reason}`
        : `${streams} open streams are left out: ${reason}`,
    );
  return { plan: { ...plan, heldStreams }, notices };
}
