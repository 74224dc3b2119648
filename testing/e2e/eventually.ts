import { vi } from "vitest";

/** What `check` gives once it no longer fails, looked at often; its last failure after `withinMs`. */
export function eventually<T>(check: () => Promise<T>, withinMs = 10_000): Promise<T> {
  return vi.waitFor(check, { timeout: withinMs, interval: 20 });
}
