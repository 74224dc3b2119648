import { spawn } from "node:child_process";

/**
 * Sees to it that the process `pid` does not outlive us, however we end: test runners kill their
 * workers with SIGKILL, which no exit handler sees. A shell of its own session waits for the end
 * of a pipe that only we hold open. Dispose of the guard when the process has ended by itself.
 */
export function guardAgainstOutliving(pid: number): Disposable {
  const guard = spawn("sh", ["-c", `read _; kill -KILL ${pid}`], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  guard.on("error", () => {}); // No shell, no guard: the tests themselves still work.
  guard.unref();
  return { [Symbol.dispose]: () => void guard.kill("SIGKILL") };
}
