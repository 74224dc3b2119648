import { waitMs, withDeadline } from "./deadline.ts";

interface Watcher {
  readonly holds: () => boolean;
  readonly resolve: () => void;
}

/**
 * Waits for conditions on state that changes by events: whoever changes the state calls
 * `changed()`, and every waiter whose condition now holds goes on. No polling.
 */
export class Watchers {
  readonly #watchers = new Set<Watcher>();

  changed(): void {
    for (const watcher of [...this.#watchers]) {
      if (!watcher.holds()) continue;
      this.#watchers.delete(watcher);
      watcher.resolve();
    }
  }

  /** Resolves once `holds` is true. @throws after `withinMs`, naming `what`. */
  async until(
    holds: () => boolean,
    what: string | (() => string),
    withinMs = waitMs,
  ): Promise<void> {
    if (holds()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const watcher: Watcher = { holds, resolve };
    this.#watchers.add(watcher);
    try {
      await withDeadline(promise, what, withinMs);
    } finally {
      this.#watchers.delete(watcher);
    }
  }
}
