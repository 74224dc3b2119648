import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type CommandResult,
  type RunningControlPlane,
  type RunningDataPlane,
  runHeadgate,
  startControlPlane,
  startDataPlane,
  temporaryFolder,
} from "@headgate/testing";

export interface PlanesOptions {
  /** Applied with `headgate apply` before the node starts. */
  readonly resources: string;
  /** More lines of data-plane.yaml. `listen` replaces the default one. */
  readonly dataPlane?: string;
  readonly listen?: string;
}

/** A control plane and what it takes to start nodes of it, in folders that outlive the processes. */
export class Planes implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly #options: PlanesOptions;
  readonly controlFolder: string;
  readonly nodeFolder: string;
  #controlPlane: RunningControlPlane | undefined;
  #ports = { admin: 0, grpc: 0 };

  private constructor(options: PlanesOptions) {
    this.#options = options;
    this.controlFolder = this.#stack.use(temporaryFolder()).path;
    this.nodeFolder = this.#stack.use(temporaryFolder()).path;
  }

  /** Starts the control plane and gives it its resources. */
  static async start(options: PlanesOptions): Promise<Planes> {
    const planes = new Planes(options);
    try {
      await planes.startControlPlane();
      await planes.apply(options.resources);
      return planes;
    } catch (error) {
      await planes[Symbol.asyncDispose]();
      throw error;
    }
  }

  get controlPlane(): RunningControlPlane {
    if (!this.#controlPlane) throw new Error("the control plane was not started");
    return this.#controlPlane;
  }

  /** Again on the ports of the first start, where nodes and tools look for it. */
  async startControlPlane(): Promise<RunningControlPlane> {
    const { admin, grpc } = this.#ports;
    const config = `
region: test
listen: {admin: "127.0.0.1:${admin}", grpc: "127.0.0.1:${grpc}"}
data_dir: ./data
`;
    const started = await startControlPlane({ config, folder: this.controlFolder });
    this.#controlPlane = this.#stack.use(started);
    this.#ports = { admin: portOf(started.adminUrl), grpc: portOf(started.grpcUrl) };
    return started;
  }

  /** Always the same node: what it saved is there when it starts again. */
  async startNode(): Promise<RunningDataPlane> {
    const { listen, dataPlane = "" } = this.#options;
    const config = `
region: test
node: test-1
listen: ${listen ?? '{proxy: "127.0.0.1:0", telemetry: "127.0.0.1:0"}'}
control_plane: {endpoints: ["http://127.0.0.1:${this.#ports.grpc}"]}
state_dir: ./state
workers: 1
${dataPlane}
`;
    return this.#stack.use(await startDataPlane({ config, folder: this.nodeFolder }));
  }

  /** A `headgate` command to this control plane. @throws with its output when it fails. */
  async headgate(...args: readonly string[]): Promise<string> {
    const { code, output } = await this.tryHeadgate(...args);
    if (code !== 0) throw new Error(`headgate ${args.join(" ")} ended with ${code}:\n${output}`);
    return output;
  }

  tryHeadgate(...args: readonly string[]): Promise<CommandResult> {
    const { adminUrl, adminToken } = this.controlPlane;
    const env = { HEADGATE_SERVER: adminUrl, HEADGATE_ADMIN_TOKEN: adminToken };
    return runHeadgate(args, { folder: this.controlFolder, env });
  }

  async apply(yaml: string): Promise<string> {
    const file = join(this.controlFolder, "resources.yaml");
    writeFileSync(file, yaml);
    return await this.headgate("apply", "-f", file);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
