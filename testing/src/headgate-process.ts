import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { withDeadline } from "./deadline.ts";
import { type LogLine, LogLines } from "./log-lines.ts";
import { guardAgainstOutliving } from "./outlive-guard.ts";

export interface HeadgateProcessOptions {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Working directory, so that defaults like `.headgate` land in a temporary place. */
  readonly folder: string;
}

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A cold start on a busy machine, with room to spare. */
const readyWithinMs = 20_000;
/** More than any drain a test asks for; after it the process is killed and the test fails. */
const stopWithinMs = 15_000;

/** One running `headgate`. It ends with the test process at the latest. */
export class HeadgateProcess implements AsyncDisposable {
  readonly logs = new LogLines();
  readonly startedAtMs = performance.now();
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #args: readonly string[];
  #ready: LogLine = {};

  constructor(options: HeadgateProcessOptions) {
    this.#args = options.args;
    this.#child = spawn(process.execPath, [headgateProgram(), ...options.args], {
      cwd: options.folder,
      env: cleanEnvironment(options.env),
      stdio: ["ignore", "pipe", "pipe"],
    });
    if (this.#child.stdout) this.logs.read(this.#child.stdout);
    if (this.#child.stderr) this.logs.read(this.#child.stderr);
    const { pid } = this.#child;
    const guard = pid === undefined ? undefined : guardAgainstOutliving(pid);
    this.exited = once(this.#child, "close").then(([code, signal]) => {
      guard?.[Symbol.dispose]();
      return { code, signal };
    });
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error("headgate did not start");
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves with the addresses in force. @throws when the process ends first, with its output. */
  async waitUntilReady(withinMs = readyWithinMs): Promise<void> {
    const died = this.exited.then(({ code, signal }) => {
      const command = `headgate ${this.#args.join(" ")}`;
      throw new Error(`${command} ended with ${code ?? signal}:\n${this.logs.tail()}`);
    });
    const isReady = (line: LogLine) => line["event"] === "ready" || line["msg"] === "ready";
    this.#ready = await Promise.race([
      this.logs.waitFor(isReady, "headgate to be ready", withinMs),
      died,
    ]);
  }

  /** An address from the ready line: proxy, admin, grpc, telemetry. */
  url(listener: string): string {
    const value = this.#ready[listener];
    if (typeof value === "string") return value;
    throw new Error(`the ready line has no ${listener}: ${JSON.stringify(this.#ready)}`);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** SIGTERM, and wait for the end. Safe to call repeatedly. @throws when it has to be killed. */
  async stop(withinMs = stopWithinMs): Promise<Exit> {
    if (this.running) this.signal("SIGTERM");
    try {
      return await withDeadline(this.exited, `headgate to stop:\n${this.logs.tail()}`, withinMs);
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  /** SIGKILL, and wait for the end. */
  async kill(): Promise<Exit> {
    if (this.running) this.signal("SIGKILL");
    return await this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

const repositoryRoot = resolve(import.meta.dirname, "..", "..");

function headgateProgram(): string {
  const program = resolve(repositoryRoot, "cli", "bin", "headgate.js");
  if (!existsSync(program)) throw new Error(`no program to test at ${program}`);
  return program;
}

/** No provider keys and no HEADGATE_* of whoever runs the tests. */
function cleanEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const kept = ["PATH", "HOME", "TMPDIR", "LANG", "NODE_COMPILE_CACHE"];
  const inherited = kept.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(inherited), ...extra };
}
