import { readFile } from "node:fs/promises";

/** How many files, so also sockets, one process may open. Node raises its soft limit to this one. */
export async function openFilesMax(): Promise<number> {
  const limits = await readFile("/proc/self/limits", "utf8");
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1];
  if (hard === undefined) throw new Error("/proc/self/limits does not say how many files may open");
  return hard === "unlimited" ? 1_000_000 : Math.min(Number(hard), 1_000_000);
}
