import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { HeadgateProcess } from "../../headgate-process.ts";
import type { Runner } from "../part.ts";

export interface HeadgateRunnerOptions {
  readonly command: "control-plane" | "data-plane";
  /** The configuration file's YAML; written anew at each start. */
  readonly config: string;
  readonly env: Readonly<Record<string, string>>;
  /** Keeps the state over restarts. */
  readonly folder: string;
}

/** `headgate control-plane` or `headgate data-plane` as a process of its own. */
export class HeadgateRunner implements Runner {
  readonly #options: HeadgateRunnerOptions;
  #process: HeadgateProcess | undefined;

  constructor(options: HeadgateRunnerOptions) {
    this.#options = options;
  }

  get running(): boolean {
    return this.#process?.running ?? false;
  }

  get pid(): number | undefined {
    return this.running ? this.#process?.pid : undefined;
  }

  /** Its process, for its logs. @throws before the first start. */
  get process(): HeadgateProcess {
    if (!this.#process) throw new Error(`headgate ${this.#options.command} was never started`);
    return this.#process;
  }

  async start(awaitReady: boolean): Promise<void> {
    const { command, config, env, folder } = this.#options;
    const configFile = join(folder, `${command}.yaml`);
    writeFileSync(configFile, config);
    this.#process = new HeadgateProcess({
      args: [command, "--config", configFile],
      env,
      folder,
    });
    if (awaitReady) await this.#process.waitUntilReady();
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
  }

  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  pause(): void {
    this.#process?.signal("SIGSTOP");
  }

  resume(): void {
    this.#process?.signal("SIGCONT");
  }

  tail(lines: number): string {
    return this.#process?.logs.tail(lines) ?? "";
  }
}
