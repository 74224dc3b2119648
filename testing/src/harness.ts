import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HeadgateProcess } from "./headgate-process.ts";

export interface StartOptions {
  /** The configuration file's YAML. */
  readonly config: string;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Kept folder for state over restarts; without one a fresh folder is made and removed. */
  readonly folder?: string;
  readonly readyWithinMs?: number;
}

/** A running program with its folder; stopping or disposing of it ends both. */
export interface Running extends AsyncDisposable {
  readonly process: HeadgateProcess;
  readonly folder: string;
  readonly configFile: string;
}

/** `headgate up` on free ports, ready to serve, and the admin token to manage it. */
export interface RunningUp extends Running {
  readonly proxyUrl: string;
  readonly adminUrl: string;
  readonly telemetryUrl: string;
  readonly adminToken: string;
}

const adminToken = "hg-test-admin-token";

/** Starts `headgate up`. The file is watched: `writeFileSync(configFile, ...)` changes it live. */
export async function startUp(options: StartOptions): Promise<RunningUp> {
  const ports = ["--port", "0", "--admin-port", "0", "--telemetry-port", "0"];
  const args = ["up", ...ports, "--workers", "1"];
  const running = await start("up.yaml", args, options);
  const url = (listener: string) => running.process.url(listener);
  return {
    ...running,
    proxyUrl: url("proxy"),
    adminUrl: url("admin"),
    telemetryUrl: url("telemetry"),
    adminToken,
  };
}

export interface RunningControlPlane extends Running {
  readonly adminUrl: string;
  readonly grpcUrl: string;
  readonly adminToken: string;
}

/** Starts `headgate control-plane`. The config says where to listen: use port 0. */
export async function startControlPlane(options: StartOptions): Promise<RunningControlPlane> {
  const running = await start("control-plane.yaml", ["control-plane"], options);
  const { process } = running;
  return { ...running, adminUrl: process.url("admin"), grpcUrl: process.url("grpc"), adminToken };
}

export interface RunningDataPlane extends Running {
  readonly proxyUrl: string;
  readonly telemetryUrl: string;
}

/** Starts `headgate data-plane`. The config says where to listen: use port 0. */
export async function startDataPlane(options: StartOptions): Promise<RunningDataPlane> {
  const running = await start("data-plane.yaml", ["data-plane"], options);
  const { process } = running;
  return { ...running, proxyUrl: process.url("proxy"), telemetryUrl: process.url("telemetry") };
}

/** A folder for state that outlives one process. Removed when disposed of. */
export function temporaryFolder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), "headgate-test-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

async function start(
  fileName: string,
  args: readonly string[],
  options: StartOptions,
): Promise<Running> {
  const fresh = options.folder === undefined ? temporaryFolder() : undefined;
  const folder = options.folder ?? fresh?.path ?? "";
  const configFile = join(folder, fileName);
  writeFileSync(configFile, options.config);
  const process = new HeadgateProcess({
    args: [...args, "--config", configFile, ...(options.flags ?? [])],
    env: { HEADGATE_ADMIN_TOKEN: adminToken, ...options.env },
    folder,
  });
  const end = async () => {
    await process.kill();
    fresh?.[Symbol.dispose]();
  };
  try {
    await process.waitUntilReady(options.readyWithinMs);
  } catch (error) {
    await end();
    throw error;
  }
  return { process, folder, configFile, [Symbol.asyncDispose]: end };
}
