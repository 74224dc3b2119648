import { systemClock } from "@headgate/core";
import type { Helper } from "./helper.ts";

const waitMaxMs = 20_000;
const pauseMs = 20;

/** Wait until a GET of `url` answers 200. @throws Error if that does not come, or the helper ends. */
export async function waitUntil(url: string, helper: Helper): Promise<void> {
  let ended = false;
  void helper.ended.then(() => {
    ended = true;
  });
  const deadlineMs = systemClock.now() + waitMaxMs;
  while (!ended && systemClock.now() < deadlineMs) {
    const status = await fetch(url).then(
      (answer) => answer.status,
      () => 0,
    );
    if (status === 200) return;
    await systemClock.sleep(pauseMs);
  }
  throw new Error(`${url} did not become ready: ${helper.stderr()}`);
}
