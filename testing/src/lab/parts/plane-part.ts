import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Link, LinkTarget } from "../../links/index.ts";
import type { LabLinks } from "../lab-links.ts";
import type { LabSettings } from "../lab-options.ts";
import { Part } from "../part.ts";
import { type Endpoint, endpointOf, outside, type PartKind } from "../place.ts";
import { HeadgateRunner } from "./headgate-runner.ts";

/** What all planes of one lab share. */
export interface PlaneDeps {
  readonly settings: LabSettings;
  readonly links: LabLinks;
  /** Holds one folder for each process. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly joinToken: string;
}

export interface PlaneOptions {
  readonly command: "control-plane" | "data-plane";
  readonly config: string;
  /** Where it listens, by use. Chosen once, so that it is there again after a restart. */
  readonly ports: Readonly<Record<string, number>>;
}

/** A control plane or a node: a process with a folder of its own, and links to it from outside. */
export class PlanePart extends Part {
  readonly headgate: HeadgateRunner;
  /** Its configuration and state. */
  readonly folder: string;
  readonly #ports: Readonly<Record<string, number>>;

  private constructor(
    endpoint: Endpoint,
    made: {
      readonly headgate: HeadgateRunner;
      readonly folder: string;
      readonly ports: Readonly<Record<string, number>>;
      readonly addresses: Readonly<Record<string, string>>;
    },
  ) {
    super(endpoint, made.headgate, made.addresses);
    this.headgate = made.headgate;
    this.folder = made.folder;
    this.#ports = made.ports;
  }

  /** Not started yet. */
  static async make(
    { links, folder: root, env }: PlaneDeps,
    endpoint: Endpoint,
    { command, config, ports }: PlaneOptions,
  ): Promise<PlanePart> {
    const folder = join(root, endpoint.name.replaceAll("/", "-"));
    mkdirSync(folder, { recursive: true });
    const addresses: Record<string, string> = {};
    for (const [use, port] of Object.entries(ports)) {
      const link = await links.make({ from: outside, to: endpoint, use }, onLoopback(port));
      addresses[use] = link.address;
    }
    const headgate = new HeadgateRunner({ command, config, env, folder });
    return new PlanePart(endpoint, { headgate, folder, ports, addresses });
  }

  /** Where it listens itself, behind the links. */
  target(use: string): LinkTarget {
    return onLoopback(this.#ports[use] ?? 0);
  }

  /** What it calls itself: `eu-west-1`. */
  get ownName(): string {
    return ownName(this);
  }

  /** `http://` and the address that outlives restarts. */
  url(use: string): string {
    return `http://${this.addresses[use]}`;
  }
}

/** Where something listens, and which part it is. */
export interface PlacedTarget extends LinkTarget {
  readonly part: Endpoint;
}

export interface LinksWanted {
  readonly targets: readonly PlacedTarget[];
  readonly use: string;
  readonly scheme: "http" | "nats";
}

/** A URL for each target, over a link of its own; those of the own region first. In YAML. */
export async function linkedUrls(
  links: LabLinks,
  from: Endpoint,
  { targets, use, scheme }: LinksWanted,
): Promise<string> {
  const isOwn = ({ part }: PlacedTarget) => Number(part.region === from.region);
  const ordered = targets.toSorted((a, b) => isOwn(b) - isOwn(a));
  const made: readonly Link[] = await Promise.all(
    ordered.map(({ part, host, port }) => links.make({ from, to: part, use }, { host, port })),
  );
  return `[${made.map(({ address }) => `"${scheme}://${address}"`).join(", ")}]`;
}

/** The parts of one kind: as many in each region. */
export function endpoints(
  kind: PartKind,
  regions: readonly string[],
  count: number,
): readonly Endpoint[] {
  return regions.flatMap((region) =>
    Array.from({ length: count }, (_, at) =>
      endpointOf(kind, region, count === 1 ? undefined : at + 1),
    ),
  );
}

/** What a node or a replica calls itself, which is unique in the lab. */
export function ownName({ region = "", name }: Endpoint): string {
  return `${region}-${name.split("/")[2] ?? "1"}`;
}

function onLoopback(port: number): LinkTarget {
  return { host: "127.0.0.1", port };
}
