import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { systemClock } from "@headgate/core";

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  /** Added to the environment that every child gets. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** How long a child may take to end after SIGTERM before it gets SIGKILL. */
const terminateMaxMs = 3_000;

/** How much of what a child writes to stderr is kept, for the message if it fails. */
const stderrMaxBytes = 4_096;

/** The processes this run started. Whatever happens, none of them outlives it. */
export class Children {
  readonly #running = new Set<ChildProcess>();
  readonly #stderr = new WeakMap<ChildProcess, string>();

  readonly #compileCache: string;

  /** `compileCache`: a directory where every Node child keeps its compiled code. */
  constructor(compileCache: string) {
    this.#compileCache = compileCache;
    process.on("exit", () => {
      for (const child of this.#running) child.kill("SIGKILL");
    });
  }

  /** Start any program. Its standard output goes to /dev/null, like every peer's. */
  spawn(command: Command): ChildProcess {
    return this.#adopt(
      spawn(command.file, command.args, {
        env: this.#environment(command.environment),
        stdio: ["ignore", "ignore", "pipe"],
      }),
    );
  }

  /** Start one of our own programs, with a message channel. It ends when the channel does. */
  fork(program: URL): ChildProcess {
    return this.#adopt(
      fork(program, {
        env: this.#environment(),
        execArgv: [],
        stdio: ["ignore", "ignore", "pipe", "ipc"],
      }),
    );
  }

  /** The end of what the child wrote to stderr. */
  stderrOf(child: ChildProcess): string {
    return this.#stderr.get(child) ?? "";
  }

  async stop(child: ChildProcess): Promise<void> {
    if (!this.#running.has(child)) return;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    const patience = new AbortController();
    const late = systemClock
      .sleep(terminateMaxMs, patience.signal)
      .then(() => child.kill("SIGKILL"));
    await ended;
    patience.abort();
    await late;
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#running].map((child) => this.stop(child)));
  }

  #adopt(child: ChildProcess): ChildProcess {
    this.#running.add(child);
    child.once("exit", () => this.#running.delete(child));
    child.once("error", (error) => {
      this.#running.delete(child);
      this.#stderr.set(child, error.message);
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr.set(child, (this.stderrOf(child) + text).slice(-stderrMaxBytes));
    });
    return child;
  }

  /**
   * The same for every child: settings of the caller's shell must not reach some peers only. With
   * the cache, those written in TypeScript do without Node's type stripper, which is 16 MiB, from
   * their second start on, as if they had been built.
   */
  #environment(added: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
    return {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      NODE_ENV: "production",
      NODE_COMPILE_CACHE: this.#compileCache,
      ...added,
    };
  }
}
