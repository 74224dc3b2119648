import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  rmSync,
  statSync,
  truncateSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Room for some snapshots of a lab. */
const diskBytes = 8 * 1024 * 1024;
const chunkBytes = 64 * 1024;
const fillerName = "filler";

export interface SmallDisk {
  /** To the last byte, also when somebody made room meanwhile. */
  fill(): void;
  makeRoom(): void;
}

/** Undefined where a small file system can be mounted. */
export function whyNoSmallDisk(): string | undefined {
  if (process.platform !== "linux") return "only Linux has tmpfs";
  if (process.getuid?.() !== 0) return "only root may mount a small file system";
  const probe = mkdtempSync(join(tmpdir(), "headgate-mount-"));
  try {
    mount(probe);
    unmount(probe);
    return undefined;
  } catch {
    return "mounting a file system is not allowed here";
  } finally {
    rmSync(probe, { recursive: true, force: true });
  }
}

/**
 * Puts a small file system in the place of a folder, with the same files, while `work` runs.
 * `around` is to keep everybody out of the folder while it does what it is given.
 */
export async function withSmallDisk<T>(
  {
    folder,
    around,
  }: {
    readonly folder: string;
    readonly around: (work: () => void) => Promise<void>;
  },
  work: (disk: SmallDisk) => Promise<T>,
): Promise<T> {
  const kept = mkdtempSync(join(tmpdir(), "headgate-kept-"));
  try {
    await around(() => {
      cpSync(folder, kept, { recursive: true });
      mount(folder);
      cpSync(kept, folder, { recursive: true });
    });
    return await work(smallDisk(folder));
  } finally {
    // Lazily: whoever has a file open there keeps it, whatever went wrong before.
    await around(() => unmount(folder)).catch((error: unknown) => {
      if (isMounted(folder)) unmount(folder);
      throw error;
    });
    rmSync(kept, { recursive: true, force: true });
  }
}

function smallDisk(folder: string): SmallDisk {
  const filler = join(folder, fillerName);
  return {
    fill: () => {
      for (let bytes = chunkBytes; bytes >= 1; ) {
        try {
          appendFileSync(filler, Buffer.alloc(bytes));
        } catch {
          bytes = Math.floor(bytes / 2);
        }
      }
    },
    makeRoom: () => {
      if (existsSync(filler)) truncateSync(filler, 0);
    },
  };
}

function mount(folder: string): void {
  run("mount", ["-t", "tmpfs", "-o", `size=${diskBytes},mode=0700`, "tmpfs", folder]);
}

function unmount(folder: string): void {
  run("umount", ["-l", folder]);
}

function isMounted(folder: string): boolean {
  return statSync(folder).dev !== statSync(join(folder, "..")).dev;
}

function run(program: string, args: readonly string[]): void {
  execFileSync(program, args, { stdio: "pipe" });
}
