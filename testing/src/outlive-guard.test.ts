import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it, onTestFinished } from "vitest";
import { withDeadline } from "./deadline.ts";

it("ends a process whose starter was killed", async () => {
  const guard = new URL("./outlive-guard.ts", import.meta.url);
  const starter = `
    import { spawn } from "node:child_process";
    const { guardAgainstOutliving } = await import(${JSON.stringify(guard.href)});
    const child = spawn("sleep", ["60"], { stdio: ["ignore", 1, "ignore"] });
    guardAgainstOutliving(child.pid);
    console.log(child.pid);
    setInterval(() => {}, 1_000);
  `;
  const stdio = ["ignore", "pipe", "inherit"] as const;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", starter], {
    stdio: [...stdio],
  });
  onTestFinished(() => void parent.kill("SIGKILL"));
  const [pid] = await withDeadline(once(parent.stdout, "data"), "the starter to start a child");
  expect(Number(pid)).toBeGreaterThan(0);
  parent.kill("SIGKILL");
  // The child holds the other end of this pipe: it closes once the child is gone too.
  await withDeadline(once(parent.stdout.resume(), "close"), "the child to be ended");
});
