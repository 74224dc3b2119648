import type { EtcdOptions } from "../servers/index.ts";

export interface LabOptions {
  /** Default `eu-west`, `us-east`, `ap-south`. At most nine; an odd number survives the loss of one. */
  readonly regions?: readonly string[];
  /** Default 1, at most 9. */
  readonly controlPlanesPerRegion?: number;
  /** Default 1, at most 9. */
  readonly nodesPerRegion?: number;
  /** What is applied at the start. Default: see lab-resources.ts. */
  readonly resources?: (urls: ProviderUrls) => string;
  /** Of every member of etcd. */
  readonly etcd?: Pick<EtcdOptions, "quotaBytes" | "heartbeatMs" | "electionMs">;
  /** More of the environment of every control plane and node. */
  readonly env?: Readonly<Record<string, string>>;
  /** More lines of every control-plane.yaml, and of every data-plane.yaml. */
  readonly controlPlaneConfig?: string;
  readonly nodeConfig?: string;
}

/** The base URL of a region's provider, as the nodes of another region reach it. */
export type ProviderUrls = (nodeRegion: string, providerRegion: string) => string;

export interface LabSettings {
  readonly regions: readonly string[];
  readonly controlPlanesPerRegion: number;
  readonly nodesPerRegion: number;
  readonly controlPlaneConfig: string;
  readonly nodeConfig: string;
  readonly etcd: NonNullable<LabOptions["etcd"]>;
  readonly env: Readonly<Record<string, string>>;
}

export const defaultRegions = ["eu-west", "us-east", "ap-south"] as const;

/** A lab is for one machine. */
const countMax = 9;

/** @throws RangeError naming what is out of range. */
export function labSettings(options: LabOptions): LabSettings {
  const { regions = defaultRegions, controlPlanesPerRegion = 1, nodesPerRegion = 1 } = options;
  assertCount("regions", regions.length);
  assertCount("controlPlanesPerRegion", controlPlanesPerRegion);
  assertCount("nodesPerRegion", nodesPerRegion);
  for (const region of regions) assertName(region);
  if (new Set(regions).size < regions.length) throw new RangeError("a region is there twice");
  const { controlPlaneConfig = "", nodeConfig = "", etcd = {}, env = {} } = options;
  const counts = { controlPlanesPerRegion, nodesPerRegion };
  return { regions, ...counts, controlPlaneConfig, nodeConfig, etcd, env };
}

function assertCount(name: string, count: number): void {
  if (Number.isInteger(count) && count >= 1 && count <= countMax) return;
  throw new RangeError(`${name} must be from 1 to ${countMax}, got ${count}`);
}

/** As regions are named everywhere, and none that is a kind of part. */
function assertName(region: string): void {
  const isKind = /^(etcd|nats|control-plane|node|provider|outside)$/.test(region);
  if (/^[a-z][a-z0-9-]{0,31}$/.test(region) && !isKind) return;
  throw new RangeError(`"${region}" is no name for a region: use letters, digits and dashes`);
}
