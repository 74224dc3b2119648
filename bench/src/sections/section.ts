import type { LoadClient } from "../load/load-client.ts";
import type { RunningPeer } from "../peers/launch-peer.ts";
import type { Peer } from "../peers/peer.ts";
import type { Plan } from "../plan.ts";
import type { Children } from "../process/children.ts";
import type { Samples } from "../report/samples.ts";

/** What the sections of a run share. */
export interface Bench {
  readonly plan: Plan;
  readonly children: Children;
  readonly load: LoadClient;
  readonly samples: Samples;
  /** Files of peers go here; removed after the run. */
  readonly directory: string;
  /** Those that can take part. */
  readonly peers: readonly Peer[];
  /** Say what could not be measured, now and in the results. */
  readonly notice: (line: string) => void;
  /** Tell whoever watches. */
  readonly say: (line: string) => void;
}

/** A part of a run that measures peers while all of them are up. */
export type FleetSection = (bench: Bench, fleet: readonly RunningPeer[]) => Promise<void>;

export const sectionNames = ["cpu", "stream", "latency", "memory", "start"] as const;
export type SectionName = (typeof sectionNames)[number];
