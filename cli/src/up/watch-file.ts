import { watch } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { Clock } from "@headgate/core";

/** Editors and `cp` write in steps; what follows within this is one change. */
const quietMs = 100;

/** How often to look where the system cannot tell us of changes. */
const pollMs = 2_000;

/** Kubernetes swaps this link, in the directory of a mounted ConfigMap, instead of the file. */
const configMapLink = "..data";

export interface WatchFileOptions {
  readonly path: string;
  /** The text in force. */
  readonly text: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called with each new text, one call at a time. Must not reject. */
  readonly onText: (text: string) => Promise<void>;
  /** The file is gone or unreadable; the last text stays in force. Called once per loss. */
  readonly onLost: (error: unknown) => void;
}

/**
 * Follow the text of a file until the signal aborts. The directory is watched rather than the
 * file, because editors replace files by renaming a new one into their place.
 */
export function watchFile(options: WatchFileOptions): void {
  const look = singleFile(createLook(options), options);
  try {
    const name = basename(options.path);
    const watcher = watch(
      dirname(options.path),
      { signal: options.signal, persistent: false },
      (_event, changed) => {
        if (changed === null || changed === name || changed === configMapLink) look();
      },
    );
    watcher.on("error", () => pollInstead(look, options));
  } catch {
    // No inotify instance is left, or the file system has no events.
    pollInstead(look, options);
  }
  // What changed between the first read and the watch.
  look();
}

function pollInstead(look: () => void, { clock, signal }: WatchFileOptions): void {
  const polling = clock.every(pollMs, look);
  signal.addEventListener("abort", () => polling[Symbol.dispose](), { once: true });
}

function createLook(options: WatchFileOptions): () => Promise<void> {
  let known = options.text;
  let lost = false;
  return async () => {
    const text = await readFile(options.path, "utf8").catch((error: unknown) => {
      if (!lost) options.onLost(error);
      lost = true;
      return undefined;
    });
    if (text === undefined) return;
    lost = false;
    if (text === known) return;
    known = text;
    await options.onText(text);
  };
}

/** Events start a look after the quiet time; those during a look start one more. */
function singleFile(task: () => Promise<void>, { clock, signal }: WatchFileOptions): () => void {
  let state: "idle" | "waiting" | "looking" | "looking-again" = "idle";
  const run = async (): Promise<void> => {
    state = "waiting";
    await clock.sleep(quietMs, signal);
    if (signal.aborted) return;
    state = "looking";
    await task();
    // Events may have come while the task ran; TypeScript does not see that.
    const again = (state as string) === "looking-again";
    state = "idle";
    if (again) void run();
  };
  return () => {
    if (state === "idle") void run();
    else if (state === "looking") state = "looking-again";
  };
}
