import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { systemClock } from "@headgate/core";
import { LogLines } from "../log-lines.ts";
import { guardAgainstOutliving } from "../outlive-guard.ts";
import { type EtcdOptions, type EtcdSettings, etcdFlags, noFsyncFlag } from "./etcd-options.ts";
import { enableRootAuth } from "./etcd-root-auth.ts";
import { etcdProgram, findServerProgram } from "./find-server-program.ts";
import { freePorts } from "./free-ports.ts";

const run = promisify(execFile);

/** Ports may be taken between choosing and using them. */
const startTriesMax = 3;
const probeTimeoutMs = 500;
const pollMs = 20;

/** A real etcd member, healthy, on 127.0.0.1. */
export async function startEtcd(options: EtcdOptions = {}): Promise<EtcdServer> {
  for (let tries = 1; ; tries++) {
    const server = new EtcdServer(await settingsFrom(options));
    try {
      await server.start();
      if (options.rootPassword !== undefined) await enableRootAuth(server, options.rootPassword);
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      const portTaken = /address already in use/.test(server.logs.tail());
      if (!portTaken || tries === startTriesMax) throw error;
    }
  }
}

/** One etcd process, which can be ended, frozen and brought back over the same data and ports. */
export class EtcdServer implements AsyncDisposable {
  readonly settings: EtcdSettings;
  readonly logs = new LogLines();
  #child: ChildProcess | undefined;
  #ended: Promise<unknown> = Promise.resolve();

  /** Not started yet: see startEtcd(). */
  constructor(settings: EtcdSettings) {
    this.settings = settings;
  }

  get name(): string {
    return this.settings.name;
  }

  /** Where it listens for clients (not what it advertises). */
  get clientUrl(): string {
    return this.settings.clientUrl;
  }

  get peerUrl(): string {
    return this.settings.peerUrl;
  }

  get running(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  get pid(): number {
    if (!this.#child?.pid) throw new Error(`etcd ${this.name} was not started`);
    return this.#child.pid;
  }

  /** Start it, and wait until it is healthy unless told not to (a member without quorum never is). */
  async start({ awaitHealth = true } = {}): Promise<void> {
    const program = await findServerProgram(etcdProgram);
    this.#spawn(program, [...etcdFlags(this.settings), ...(await noFsyncFlag(program))]);
    if (awaitHealth) await this.waitUntilHealthy();
  }

  /** End it if it runs, and start it over the same data and ports. */
  async restart(options?: { awaitHealth?: boolean }): Promise<void> {
    await this.stop();
    await this.start(options);
  }

  /** SIGKILL, and wait for the end. */
  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  /** SIGTERM, and wait for the end. A leader hands its office over first. */
  stop(): Promise<void> {
    return this.#end("SIGTERM");
  }

  /** Freeze it: connections stay open, nothing answers. Resolves when it stands still. */
  async pause(): Promise<void> {
    if (!this.running) return;
    this.#child?.kill("SIGSTOP");
    // The signal returns before the process has stopped.
    while (this.running && !(await isStopped(this.pid))) await systemClock.sleep(1);
  }

  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  async waitUntilHealthy(withinMs = this.settings.readyWithinMs ?? 20_000): Promise<void> {
    const deadlineMs = performance.now() + withinMs;
    while (!(await this.isHealthy())) {
      const why = this.running ? `is not healthy after ${withinMs} ms` : "ended";
      if (!this.running || performance.now() > deadlineMs) {
        if (!this.running) await this.#ended;
        throw new Error(`etcd ${this.name} ${why}:\n${this.logs.tail()}`);
      }
      await systemClock.sleep(pollMs);
    }
  }

  /** It has a leader and can commit. */
  async isHealthy(): Promise<boolean> {
    return /"health":\s*"true"/.test(await this.#probe("/health?exclude=NOSPACE"));
  }

  /** It believes itself to be the leader: one cut off from the others does so for an election timeout. */
  async isLeader(): Promise<boolean> {
    return /^etcd_server_is_leader 1$/m.test(await this.#probe("/metrics"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    if (this.settings.temporary) rmSync(this.settings.folder, { recursive: true, force: true });
  }

  #spawn(program: string, flags: readonly string[]): void {
    if (this.running) throw new Error(`etcd ${this.name} is running already`);
    const { folder, env } = this.settings;
    const child = spawn(program, flags, {
      cwd: folder,
      env: { PATH: process.env["PATH"] ?? "", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.logs.read(child.stdout);
    this.logs.read(child.stderr);
    const guard = child.pid === undefined ? undefined : guardAgainstOutliving(child.pid);
    this.#ended = once(child, "close").finally(() => guard?.[Symbol.dispose]());
    this.#ended.catch(() => {});
    this.#child = child;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (!this.running) return;
    this.#child?.kill(signal);
    this.resume();
    await this.#ended;
  }

  /** The answer of its metrics listener, which is plain HTTP also where clients need TLS. */
  async #probe(path: string): Promise<string> {
    try {
      const signal = AbortSignal.timeout(probeTimeoutMs);
      const url = `http://127.0.0.1:${this.settings.metricsPort}${path}`;
      const response = await fetch(url, { signal, headers: { connection: "close" } });
      return await response.text();
    } catch {
      return "";
    }
  }
}

/** Also when there is no such process any more: `ps` fails then. */
async function isStopped(pid: number): Promise<boolean> {
  try {
    const { stdout } = await run("ps", ["-o", "state=", "-p", String(pid)]);
    return stdout.trim().startsWith("T");
  } catch {
    return true;
  }
}

/** Choose what is left open, and write down what etcd reads from files. */
export async function settingsFrom(options: EtcdOptions): Promise<EtcdSettings> {
  const free = await freePorts(3);
  const { clientPort = free[0] ?? 0, peerPort = free[1] ?? 0, tls } = options;
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "headgate-etcd-"));
  writeCertificates(folder, options);
  return {
    ...options,
    name: options.name ?? "m0",
    folder,
    temporary: options.folder === undefined,
    clientPort,
    peerPort,
    metricsPort: free[2] ?? 0,
    clientUrl: `${tls ? "https" : "http"}://127.0.0.1:${clientPort}`,
    peerUrl: `${options.peerTls ? "https" : "http"}://127.0.0.1:${peerPort}`,
  };
}

function writeCertificates(folder: string, { tls, peerTls }: EtcdOptions): void {
  const files = {
    cert: tls?.cert,
    key: tls?.key,
    "client-ca": tls?.clientCa,
    "peer-cert": peerTls?.cert,
    "peer-key": peerTls?.key,
    "peer-ca": peerTls?.ca,
  };
  for (const [name, pem] of Object.entries(files)) {
    if (pem !== undefined) writeFileSync(join(folder, `${name}.pem`), pem, { mode: 0o600 });
  }
}
