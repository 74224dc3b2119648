/**
 * `npm run lab`: regions on one machine, and a prompt to break things between them. See
 * docs/operations/lab.md. Ends after --for at the latest, and takes everything it started with it.
 */
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { LabConsole, labMap, startLab } from "../testing/src/lab/index.ts";

const usage = `Usage: npm run lab -- [options]

  --for TIME            end after this long, such as 30s, 10m, 2h (default 10m, at most 12h)
  --run "CMD; CMD"      run these commands and end, instead of asking for some
  --regions A,B,C       default eu-west,us-east,ap-south
  --control-planes N    in each region (default 1)
  --nodes N             in each region (default 1)
`;

const defaultFor = "10m";
const longestMs = 12 * 60 * 60 * 1_000;
const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  return 1;
});

async function main(): Promise<number> {
  const options = readOptions();
  if (typeof options === "string") {
    process.stderr.write(`${options}\n\n${usage}`);
    return 2;
  }
  const ended = endOf(options.forMs);
  const startedMs = performance.now();
  process.stdout.write("Starting etcd, NATS, control planes, nodes and providers ...\n");
  const starting = startLab(options.lab);
  const lab = await Promise.race([starting, ended]);
  if (typeof lab === "string") {
    const code = say(lab);
    await starting.then((late) => late[Symbol.asyncDispose]());
    return Math.max(code, 1);
  }
  try {
    await using labConsole = new LabConsole(lab, (text) => process.stdout.write(text));
    const tookS = ((performance.now() - startedMs) / 1_000).toFixed(1);
    process.stdout.write(`${labMap(lab)}Ready in ${tookS} s.\n`);
    const work =
      options.run === undefined ? converse(labConsole, ended) : runAll(labConsole, options.run);
    return await Promise.race([work, ended.then(say)]);
  } finally {
    await lab[Symbol.asyncDispose]();
  }
}

/** Commands of --run, in turn. Fails when one did, after all of them. */
async function runAll(labConsole: LabConsole, commands: string): Promise<number> {
  let code = 0;
  for (const command of commands.split(";").map((text) => text.trim())) {
    if (command === "") continue;
    process.stdout.write(`lab> ${command}\n`);
    const outcome = await labConsole.run(command);
    if (outcome === "quit") break;
    if (outcome === "failed") code = 1;
  }
  return code;
}

/** Until quit, or the end of the input. */
async function converse(labConsole: LabConsole, ended: Promise<End>): Promise<number> {
  process.stdout.write("Type help for the commands, quit to end.\n");
  const terminal = process.stdin.isTTY === true;
  const lines = createInterface({ input: process.stdin, output: process.stdout, terminal });
  // In a terminal it takes Ctrl-C for itself.
  lines.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  void ended.then(() => lines.close());
  lines.setPrompt("lab> ");
  lines.prompt();
  for await (const line of lines) {
    if ((await labConsole.run(line)) === "quit") break;
    lines.prompt();
  }
  lines.close();
  return 0;
}

type End = "time" | "signal";

/** When time is up, or a signal says so. */
function endOf(forMs: number): Promise<End> {
  const { promise, resolve } = Promise.withResolvers<End>();
  setTimeout(() => resolve("time"), forMs).unref();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => resolve("signal"));
  }
  return promise;
}

function say(end: End): number {
  process.stdout.write(end === "time" ? "\nTime is up: see --for.\n" : "\nEnding.\n");
  return end === "time" ? 0 : 130;
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      for: { type: "string", default: defaultFor },
      run: { type: "string" },
      regions: { type: "string" },
      "control-planes": { type: "string", default: "1" },
      nodes: { type: "string", default: "1" },
    },
  });
  const [, digits, unit = ""] = /^(\d+)([smh])$/.exec(values.for) ?? [];
  const forMs = Number(digits) * (unitMs[unit] ?? Number.NaN);
  if (!(forMs > 0 && forMs <= longestMs)) return `--for ${values.for}: give a time such as 10m`;
  const regions = values.regions?.split(",").map((region) => region.trim());
  const lab = {
    ...(regions && { regions }),
    controlPlanesPerRegion: Number(values["control-planes"]),
    nodesPerRegion: Number(values.nodes),
  };
  return { forMs, run: values.run, lab };
}
