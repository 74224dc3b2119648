import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@headgate/core";
import { type AdminClient, createAdminClient } from "@headgate/sdk";
import type { Shape } from "../links/index.ts";
import { runHeadgate } from "../run-headgate.ts";
import type { EtcdServer, NatsServer } from "../servers/index.ts";
import type { LabCut, LabLinks } from "./lab-links.ts";
import type { LabSettings, ProviderUrls } from "./lab-options.ts";
import type { Part } from "./part.ts";
import type { PlanePart } from "./parts/plane-part.ts";
import type { ProviderPart } from "./parts/provider-parts.ts";
import { isIn } from "./place.ts";

const leaderPollMs = 50;

/** What a lab is made of, started by startLab(). */
export interface LabParts {
  readonly settings: LabSettings;
  readonly links: LabLinks;
  readonly stack: AsyncDisposableStack;
  readonly folder: string;
  readonly adminToken: string;
  readonly providerUrls: ProviderUrls;
  readonly etcd: ReadonlyMap<string, EtcdServer>;
  readonly nats: ReadonlyMap<string, NatsServer>;
  readonly providers: readonly ProviderPart[];
  readonly controlPlanes: readonly PlanePart[];
  readonly nodes: readonly PlanePart[];
  /** All of them, by kind, then region. */
  readonly parts: readonly Part[];
}

/** A running lab. Places are regions, kinds of part, or parts by name: see isIn(). */
export class Lab implements AsyncDisposable {
  readonly #parts: LabParts;
  #calls = 0;

  constructor(parts: LabParts) {
    this.#parts = parts;
  }

  get regions(): readonly string[] {
    return this.#parts.settings.regions;
  }

  get parts(): readonly Part[] {
    return this.#parts.parts;
  }

  get links(): LabLinks {
    return this.#parts.links;
  }

  get controlPlanes(): readonly PlanePart[] {
    return this.#parts.controlPlanes;
  }

  get nodes(): readonly PlanePart[] {
    return this.#parts.nodes;
  }

  get providers(): readonly ProviderPart[] {
    return this.#parts.providers;
  }

  /** The base URL of a region's provider, as nodes of a region reach it. */
  get providerUrls(): ProviderUrls {
    return this.#parts.providerUrls;
  }

  /** Of every control plane. */
  get adminToken(): string {
    return this.#parts.adminToken;
  }

  /** @throws RangeError when there is no such part. */
  part(name: string): Part {
    return named(this.parts, name);
  }

  controlPlane(name: string): PlanePart {
    return named(this.controlPlanes, name);
  }

  node(name: string): PlanePart {
    return named(this.nodes, name);
  }

  provider(name: string): ProviderPart {
    return named(this.providers, name);
  }

  /** The servers behind the parts of their kind, by the parts' names. */
  get etcd(): ReadonlyMap<string, EtcdServer> {
    return this.#parts.etcd;
  }

  get nats(): ReadonlyMap<string, NatsServer> {
    return this.#parts.nats;
  }

  /** The member that leads etcd and has a majority with it. @throws when there is none in time. */
  async etcdLeader(withinMs = 10_000): Promise<Part> {
    const deadlineMs = performance.now() + withinMs;
    while (performance.now() < deadlineMs) {
      for (const [name, server] of this.etcd) {
        if ((await server.isLeader()) && (await server.isHealthy())) return this.part(name);
      }
      await systemClock.sleep(leaderPollMs);
    }
    throw new Error(`etcd has no leader after ${withinMs} ms`);
  }

  /** The parts in a place. @throws RangeError when there are none. */
  select(place: string): readonly Part[] {
    const found = this.parts.filter((part) => isIn(part, place));
    if (found.length === 0) throw new RangeError(`there is nothing in ${place}`);
    return found;
  }

  /** Those that are stopped, all at once. @throws when none is, or one does not get ready. */
  async start(place: string, options?: { readonly awaitReady?: boolean }): Promise<void> {
    const stopped = this.select(place).filter(({ state }) => state === "stopped");
    if (stopped.length === 0) throw new Error(`nothing is stopped in ${place}`);
    await Promise.all(stopped.map((part) => part.start(options)));
  }

  async stop(place: string): Promise<void> {
    await Promise.all(this.select(place).map((part) => part.stop()));
  }

  async kill(place: string): Promise<void> {
    await Promise.all(this.select(place).map((part) => part.kill()));
  }

  pause(place: string): void {
    for (const part of this.select(place)) part.pause();
  }

  resume(place: string): void {
    for (const part of this.select(place)) part.resume();
  }

  /** Every link between the two places. */
  cut(a: string, b: string, cut?: LabCut): void {
    this.links.cut(a, b, cut);
  }

  /** A region from all others. Whoever uses the lab from outside still reaches it. */
  isolate(region: string, { mode = "drop" }: Pick<LabCut, "mode"> = {}): void {
    const links = this.links.across(region);
    if (links.length === 0) throw new RangeError(`there are no links out of ${region}`);
    for (const { link } of links) link.cut({ mode });
  }

  slow(a: string, b: string, shape: Shape | undefined): void {
    this.links.slow(a, b, shape);
  }

  /** No cuts and nothing slow: everywhere, or between two places. */
  heal(a?: string, b?: string): void {
    this.links.heal(a === undefined || b === undefined ? undefined : this.links.between(a, b));
  }

  /** Of a region's first control plane, over its link. */
  admin(region: string): AdminClient {
    const first = this.controlPlanes.find((part) => part.region === region);
    if (!first) throw new RangeError(`there is no control plane in ${region}`);
    return createAdminClient({ server: first.url("admin"), token: this.adminToken });
  }

  /** `headgate apply` by a region's control plane. @throws with its output when it fails. */
  async apply(yaml: string, region = this.regions[0] ?? ""): Promise<string> {
    const file = join(this.#parts.folder, "resources.yaml");
    writeFileSync(file, yaml);
    return await this.headgate(["apply", "-f", file], region);
  }

  /** A `headgate` command for a region's control plane. @throws with its output when it fails. */
  async headgate(args: readonly string[], region = this.regions[0] ?? ""): Promise<string> {
    const first = this.controlPlanes.find((part) => part.region === region);
    const env = {
      HEADGATE_SERVER: first?.url("admin") ?? "",
      HEADGATE_ADMIN_TOKEN: this.adminToken,
    };
    const { code, output } = await runHeadgate(args, { folder: this.#parts.folder, env });
    if (code !== 0) throw new Error(`headgate ${args.join(" ")} ended with ${code}:\n${output}`);
    return output;
  }

  /** For the marker by which providers know a call, `lab-call-17`: different ones in every load. */
  nextCallNumber(): number {
    this.#calls += 1;
    return this.#calls;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.stack.disposeAsync();
  }
}

function named<One extends Part>(parts: readonly One[], name: string): One {
  const found = parts.find((part) => part.name === name);
  if (found) return found;
  throw new RangeError(`no part ${name}: there are ${parts.map((part) => part.name).join(", ")}`);
}
