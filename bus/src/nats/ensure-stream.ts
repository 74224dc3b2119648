import { recordOf } from "@headgate/core";
import { isJetStreamError, type JetStreamApi, JetStreamError } from "./jetstream-api.ts";

/** Of JetStream's StreamConfig, what we decide. Times in nanoseconds. */
export interface NatsStreamConfig {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly max_msgs: number;
  readonly duplicate_window: number;
  readonly num_replicas: number;
}

/** The same for all: on disk, and the oldest make room. */
const fixed = {
  ...{ retention: "limits", discard: "old", storage: "file", max_consumers: -1 },
  ...{ max_bytes: -1, max_age: 0, max_msg_size: -1 },
};

/** Members that make it another stream. */
const decisive = ["subjects", "max_msgs", "duplicate_window", "retention", "discard", "storage"];

/**
 * Creates the stream unless it exists. One with fewer replicas gets more.
 *
 * @throws RangeError if it exists with other options, or another has some of its subjects; and what
 * JetStreamApi throws.
 */
export async function ensureStream(
  api: JetStreamApi,
  config: NatsStreamConfig,
): Promise<"existed" | "created"> {
  const existing = await findStream(api, config.name);
  if (existing) {
    assertSame(config, existing);
    await addReplicas(api, config, existing);
    return "existed";
  }
  try {
    await api.call(`STREAM.CREATE.${config.name}`, { ...fixed, ...config });
    return "created";
  } catch (error) {
    if (isJetStreamError(error, "streamNameInUse")) return await foundAfterAll(api, config);
    if (!isJetStreamError(error, "subjectsOverlap")) throw error;
    const subjects = config.subjects.join(", ");
    throw new RangeError(`another stream keeps some subjects of "${subjects}" already`);
  }
}

/** Another was faster, with other options. Or with the same, and is not done. */
async function foundAfterAll(api: JetStreamApi, config: NatsStreamConfig): Promise<"existed"> {
  const existing = await findStream(api, config.name);
  if (!existing) {
    throw new JetStreamError(`stream "${config.name}" is being created`, { status: 503, code: 0 });
  }
  assertSame(config, existing);
  return "existed";
}

async function findStream(
  api: JetStreamApi,
  name: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const info = await api.call(`STREAM.INFO.${name}`);
    return recordOf(info["config"]);
  } catch (error) {
    if (isJetStreamError(error, "streamNotFound")) return undefined;
    throw error;
  }
}

function assertSame(config: NatsStreamConfig, existing: Readonly<Record<string, unknown>>): void {
  const wanted: Readonly<Record<string, unknown>> = { ...fixed, ...config };
  const others = decisive.filter(
    (member) => JSON.stringify(wanted[member]) !== JSON.stringify(existing[member]),
  );
  if (others.length === 0) return;
  const found = others.map((member) => `${member} ${JSON.stringify(existing[member])}`).join(", ");
  throw new RangeError(`stream "${config.name}" exists with other options: ${found}`);
}

async function addReplicas(
  api: JetStreamApi,
  { name, num_replicas }: NatsStreamConfig,
  existing: Readonly<Record<string, unknown>>,
): Promise<void> {
  if (Number(existing["num_replicas"]) >= num_replicas) return;
  await api.call(`STREAM.UPDATE.${name}`, { ...existing, num_replicas });
}
