import type { Endpoint } from "./place.ts";

/** Something that runs, whatever it is. All of it is safe to call in any state. */
export interface Runner {
  readonly running: boolean;
  /** Undefined when it does not run, or runs in this process. */
  readonly pid: number | undefined;
  /** Resolves once it serves, or, told not to await that, once it was started. */
  start(awaitReady: boolean): Promise<void>;
  /** Asked to end, and ended. */
  stop(): Promise<void>;
  /** As a crash. */
  kill(): Promise<void>;
  /** Frozen: connections stay open, nothing answers. */
  pause(): void;
  resume(): void;
  /** The end of what it printed. */
  tail(lines: number): string;
}

export type PartState = "running" | "paused" | "stopped";

/** One part of a lab: it can be ended, frozen and brought back, on the same addresses and data. */
export class Part implements Endpoint {
  readonly name: string;
  readonly kind: Endpoint["kind"];
  readonly region: string;
  /** What it offers, for the map: `admin`, `proxy`, ... and the address, which outlives restarts. */
  readonly addresses: Readonly<Record<string, string>>;
  readonly #runner: Runner;
  #paused = false;

  constructor(
    { name, kind, region = "" }: Endpoint,
    runner: Runner,
    addresses: Readonly<Record<string, string>>,
  ) {
    this.name = name;
    this.kind = kind;
    this.region = region;
    this.#runner = runner;
    this.addresses = addresses;
  }

  get state(): PartState {
    if (!this.#runner.running) return "stopped";
    return this.#paused ? "paused" : "running";
  }

  get pid(): number | undefined {
    return this.#runner.pid;
  }

  /** @throws when it runs already, and with its last output when it does not get ready. */
  async start({ awaitReady = true } = {}): Promise<void> {
    if (this.#runner.running) throw new Error(`${this.name} is running`);
    this.#paused = false;
    await this.#runner.start(awaitReady);
  }

  /** SIGTERM, and the end of it. */
  async stop(): Promise<void> {
    this.resume();
    await this.#runner.stop();
  }

  /** SIGKILL, and the end of it. */
  async kill(): Promise<void> {
    await this.#runner.kill();
    this.#paused = false;
  }

  pause(): void {
    if (!this.#runner.running || this.#paused) return;
    this.#runner.pause();
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#runner.resume();
    this.#paused = false;
  }

  tail(lines = 20): string {
    return this.#runner.tail(lines);
  }
}
