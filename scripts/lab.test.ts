import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";

/** A start of the whole lab, on a busy machine. */
const timeout = 120_000;

describe("npm run lab", { timeout }, () => {
  it("starts, does what --run says, shows what came of it, and leaves nothing behind", async () => {
    const commands = [
      "load on 5",
      "cut eu-west us-east",
      "wait 1",
      "status",
      "heal",
      "kill node/ap-south",
      "load off",
      "map",
    ];
    const { code, output } = await lab("--run", commands.join("; "));
    const since = (text: string) => output.slice(output.indexOf(text));
    const pids = [...output.matchAll(/ running {2}(\d+) /g)].map(([, pid]) => Number(pid));

    expect(output).toMatch(/Ready in \d+\.\d s\./);
    expect(since("lab> wait 1")).toMatch(/1 s: eu-west \d+ ok; us-east \d+ ok; ap-south \d+ ok/);
    const status = since("lab> status");
    expect(status).toContain("eu-west <-> us-east: cut");
    expect(status).toContain("eu-west <-> ap-south: up");
    expect(status).toMatch(/ leader /);
    expect(status).toMatch(/ 2 gateways /);
    expect(status).toMatch(/ version (\d+) of \1 /);
    expect(since("lab> heal")).toContain("eu-west <-> us-east: up");
    expect(since("lab> load off")).toMatch(/^\d+ calls in /m);
    expect(since("lab> load off")).toContain("answered and never seen: 0");
    expect(since("lab> map")).toMatch(/\| node {13}stopped /);
    expect(code).toBe(0);
    expect(pids.length).toBeGreaterThan(12);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it("fails when a command of --run did, after doing the others", async () => {
    const { code, output } = await lab(
      "--regions",
      "solo",
      "--run",
      "cut solo mars; help; quit; x",
    );
    expect(output).toContain("lab> cut solo mars\nno link between solo and mars");
    expect(output).toContain("cut A B [reset] [one-way]");
    expect(output).not.toContain("lab> x");
    expect(code).toBe(1);
  });

  it("ends by a signal with all that it started", async () => {
    const { child, ended } = spawnLab("--regions", "solo");
    let output = "";
    for await (const piece of child.stdout.setEncoding("utf8")) {
      const wasReady = output.includes("quit to end.");
      output += piece;
      if (!wasReady && output.includes("quit to end.")) child.kill("SIGINT");
    }
    const { code } = await ended;
    const pids = [...output.matchAll(/ running {2}(\d+) /g)].map(([, pid]) => Number(pid));
    expect(code).toBe(130);
    expect(pids).toHaveLength(4);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it("ends when its time is up", async () => {
    const { code, output } = await lab("--regions", "solo", "--for", "1s", "--run", "wait 600");
    expect(output).toContain("Time is up");
    expect([0, 1]).toContain(code); // 1 when it was not even ready.
  });

  it.each([
    { name: "a time without a unit", args: ["--for", "10"], says: "--for 10: give a time" },
    { name: "a day", args: ["--for", "24h"], says: "--for 24h: give a time" },
    { name: "an unknown option", args: ["--speed", "9"], says: "--speed" },
    { name: "a region twice", args: ["--regions", "a,a"], says: "a region is there twice" },
    { name: "no nodes", args: ["--nodes", "0"], says: "nodesPerRegion must be from 1 to 9" },
  ])("refuses $name", async ({ args, says }) => {
    const { code, output } = await lab(...args);
    expect(output).toContain(says);
    expect(code).not.toBe(0);
  });
});

async function lab(...args: readonly string[]) {
  const { child, ended } = spawnLab(...args);
  let output = "";
  const collect = (piece: string): void => {
    output += piece;
  };
  child.stdout.setEncoding("utf8").on("data", collect);
  child.stderr.setEncoding("utf8").on("data", collect);
  const { code } = await ended;
  return { code, output };
}

function spawnLab(...args: readonly string[]) {
  const child = spawn(process.execPath, ["scripts/lab.ts", ...args], {
    stdio: ["pipe", "pipe", "pipe"],
    timeout,
  });
  const ended = once(child, "close").then(([code]: unknown[]) => ({ code }));
  return { child, ended };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
