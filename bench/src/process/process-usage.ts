import { readdir, readFile } from "node:fs/promises";

/** What one process and its children have used so far, and hold now. */
export interface ProcessUsage {
  /** User and system time of all threads since they started, in microseconds. */
  readonly cpuUs: number;
  /** Resident memory, in bytes. Pages shared between processes count once for each. */
  readonly residentBytes: number;
}

/** Linux reports CPU time in ticks of USER_HZ, 100 per second on every architecture Node runs on. */
const tickUs = 10_000;

/**
 * Read from /proc, so the process itself pays nothing for being watched and every peer is
 * measured alike. Children count (nginx has a master and a worker), grandchildren do not: no
 * peer has any. See proc(5), `/proc/pid/stat` and `/proc/pid/status`.
 */
export async function readProcessUsage(pid: number): Promise<ProcessUsage> {
  const pids = [pid, ...(await childrenOf(pid))];
  const usages = await Promise.all(pids.map(readOne));
  return {
    cpuUs: usages.reduce((sum, usage) => sum + usage.cpuUs, 0),
    residentBytes: usages.reduce((sum, usage) => sum + usage.residentBytes, 0),
  };
}

async function childrenOf(parent: number): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = await Promise.all(
    // A process may end between the listing and the reading.
    pids.map((pid) =>
      readStat(pid).then(
        (stat) => stat.parent,
        () => undefined,
      ),
    ),
  );
  return pids.filter((_, index) => parents[index] === parent);
}

async function readOne(pid: number): Promise<ProcessUsage> {
  const [stat, residentBytes] = await Promise.all([readStat(pid), readResidentBytes(pid)]);
  return { cpuUs: stat.cpuTicks * tickUs, residentBytes };
}

async function readStat(pid: number): Promise<{ parent: number; cpuTicks: number }> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  // The second field is the program's name in parentheses and may itself hold spaces: start after it.
  const fields = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  const [parent, userTicks, systemTicks] = [fields[1], fields[11], fields[12]];
  if (parent === undefined || userTicks === undefined || systemTicks === undefined) {
    throw new Error(`/proc/${pid}/stat is too short: ${stat}`);
  }
  return { parent, cpuTicks: userTicks + systemTicks };
}

async function readResidentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kibibytes === undefined) throw new Error(`/proc/${pid}/status has no VmRSS`);
  return Number(kibibytes) * 1024;
}
