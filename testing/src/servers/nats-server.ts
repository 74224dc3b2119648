import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { withDeadline } from "../deadline.ts";
import { guardAgainstOutliving } from "../outlive-guard.ts";
import { findServerProgram, natsProgram } from "./find-server-program.ts";
import { freePorts } from "./free-ports.ts";
import {
  type NatsAuthorization,
  type NatsCluster,
  type NatsGateway,
  type NatsPorts,
  natsConfig,
} from "./nats-config.ts";

export interface NatsServerOptions {
  /** Default "nats". Unique in a cluster. */
  readonly name?: string;
  /** Default true. */
  readonly jetStream?: boolean;
  /** Kept by the caller. Default: a temporary folder, removed when disposed of. */
  readonly storeDir?: string;
  readonly cluster?: NatsCluster;
  readonly gateway?: NatsGateway;
  readonly authorization?: NatsAuthorization;
  /** PEM texts. With `clientCa`, clients must show a certificate that it signed. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa?: string };
  /** From natsPorts(), when others must know them first: proxies, routes, gateways. */
  readonly ports?: NatsPorts;
  /** Lines of configuration as they are. */
  readonly more?: string;
}

const readyWithinMs = 20_000;
const stopWithinMs = 10_000;
/** Another process may take a port between our look and the server's start. */
const startAttemptsMax = 5;

/** Starts a real nats-server on 127.0.0.1; resolves once clients can connect. */
export async function startNats(options: NatsServerOptions = {}): Promise<NatsServer> {
  const program = await findServerProgram(natsProgram);
  const knowsSyncInterval = (await minorVersion(program)) >= 10;
  for (let attempt = 1; ; attempt++) {
    const ports = options.ports ?? (await natsPorts());
    const server = new NatsServer({ program, knowsSyncInterval, ports, options });
    try {
      await server.restart();
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      const mayRetry = options.ports === undefined && /in use/.test(String(error));
      if (!mayRetry || attempt === startAttemptsMax) throw error;
    }
  }
}

export async function natsPorts(): Promise<NatsPorts> {
  const [client = 0, monitor = 0, cluster = 0, gateway = 0] = await freePorts(4);
  return { client, monitor, cluster, gateway };
}

interface NatsServerDeps {
  readonly program: string;
  readonly knowsSyncInterval: boolean;
  readonly ports: NatsPorts;
  readonly options: NatsServerOptions;
}

/** One running nats-server. It ends with the test process at the latest. */
export class NatsServer implements AsyncDisposable {
  readonly ports: NatsPorts;
  /** For clients: "nats://127.0.0.1:port", "tls://" with TLS. */
  readonly clientUrl: string;
  /** The HTTP monitoring endpoints: /varz, /connz, /jsz, /healthz ... */
  readonly monitorUrl: string;
  readonly storeDir: string;
  readonly #deps: NatsServerDeps;
  readonly #folder = mkdtempSync(join(tmpdir(), "headgate-nats-"));
  readonly #configFile: string;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #output = "";

  constructor(deps: NatsServerDeps) {
    const { ports, options } = deps;
    this.#deps = deps;
    this.ports = ports;
    this.clientUrl = `${options.tls ? "tls" : "nats"}://127.0.0.1:${ports.client}`;
    this.monitorUrl = `http://127.0.0.1:${ports.monitor}`;
    this.storeDir = options.storeDir ?? join(this.#folder, "store");
    this.#configFile = join(this.#folder, "nats.conf");
    mkdirSync(this.storeDir, { recursive: true });
    writeFileSync(this.#configFile, this.#config());
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined || !this.running) throw new Error("nats-server is not running");
    return pid;
  }

  get running(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  /** The end of what it printed since it was last started. */
  get output(): string {
    return this.#output;
  }

  /** Stops it if it runs, and starts it on the same ports with the same store. */
  async restart(): Promise<void> {
    await this.stop();
    this.#spawn();
    const died = this.#exited.then(() => {
      throw new Error(`nats-server ended:\n${this.#output}`);
    });
    const ready = Promise.race([this.#accepting(), died]);
    await withDeadline(ready, () => `nats-server to be ready:\n${this.#output}`, readyWithinMs);
    const alone = this.#deps.options.cluster === undefined;
    if (alone && this.#deps.options.jetStream !== false) await this.jetStreamReady();
  }

  /** Until JetStream is current and, in a cluster, has a leader: with a majority of its servers up. */
  async jetStreamReady(withinMs = readyWithinMs): Promise<void> {
    const describe = (): string => `JetStream of nats-server to be ready:\n${this.#output}`;
    await withDeadline(
      this.#until(() => this.#isJetStreamReady()),
      describe,
      withinMs,
    );
  }

  /** SIGKILL, as a crash, and wait for the end. */
  async kill(): Promise<void> {
    if (this.running) this.#child?.kill("SIGKILL");
    await this.#exited;
  }

  /** SIGTERM, and wait for the end. Safe to call repeatedly. */
  async stop(): Promise<void> {
    if (!this.running) return;
    this.resume();
    this.#child?.kill("SIGTERM");
    try {
      await withDeadline(this.#exited, "nats-server to stop", stopWithinMs);
    } catch {
      await this.kill();
    }
  }

  /** SIGSTOP: it keeps its connections and says nothing. */
  pause(): void {
    process.kill(this.pid, "SIGSTOP");
  }

  resume(): void {
    process.kill(this.pid, "SIGCONT");
  }

  /** Forget all that JetStream keeps, as a lost disk. Only while it does not run. */
  loseStore(): void {
    if (this.running) throw new Error("stop nats-server before its store is removed");
    rmSync(this.storeDir, { recursive: true, force: true });
    mkdirSync(this.storeDir, { recursive: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #config(): string {
    const { ports, knowsSyncInterval, options } = this.#deps;
    const { name = "nats", jetStream = true, tls, ...rest } = options;
    const files = tls && { tls: this.#tlsFiles(tls) };
    const { storeDir } = this;
    return natsConfig({ ...rest, ...files, name, jetStream, storeDir, ports, knowsSyncInterval });
  }

  #tlsFiles(tls: { readonly cert: string; readonly key: string; readonly clientCa?: string }) {
    const write = (name: string, pem: string): string => {
      const path = join(this.#folder, name);
      writeFileSync(path, pem);
      chmodSync(path, 0o600);
      return path;
    };
    const own = { cert: write("cert.pem", tls.cert), key: write("key.pem", tls.key) };
    if (tls.clientCa === undefined) return own;
    return { ...own, clientCa: write("ca.pem", tls.clientCa) };
  }

  #spawn(): void {
    this.#output = "";
    const child = spawn(this.#deps.program, ["-c", this.#configFile], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    const guard = child.pid === undefined ? undefined : guardAgainstOutliving(child.pid);
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => this.#note(chunk));
    }
    this.#exited = once(child, "close").then(
      () => guard?.[Symbol.dispose](),
      (error: unknown) => this.#note(String(error)),
    );
  }

  #note(chunk: Buffer | string): void {
    this.#output = `${this.#output}${chunk.toString()}`.slice(-32_000);
  }

  async #accepting(): Promise<void> {
    await this.#until(() => greets(this.ports.client));
  }

  async #isJetStreamReady(): Promise<boolean> {
    try {
      const response = await fetch(`${this.monitorUrl}/healthz`);
      await response.arrayBuffer();
      return response.ok;
    } catch {
      return false;
    }
  }

  /** Asks again and again, but not of a server that ended. */
  async #until(isSo: () => Promise<boolean>): Promise<void> {
    while (this.running && !(await isSo())) await pause(20);
  }
}

/** Whether a NATS server says INFO there, as it does before TLS and before any authentication. */
async function greets(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    const [first]: unknown[] = await once(socket, "data");
    return String(first).startsWith("INFO ");
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function minorVersion(program: string): Promise<number> {
  const { stdout } = await promisify(execFile)(program, ["--version"]);
  const [, major, minor] = /v(\d+)\.(\d+)\./.exec(stdout) ?? [];
  if (major !== "2") throw new Error(`${program} is not of version 2: ${stdout.trim()}`);
  return Number(minor);
}
