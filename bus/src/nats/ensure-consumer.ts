import { recordOf } from "@headgate/core";
import { isJetStreamError, type JetStreamApi } from "./jetstream-api.ts";

/** Of JetStream's ConsumerConfig, what we decide. Times in nanoseconds. */
export interface NatsConsumerConfig {
  readonly durable_name: string;
  readonly filter_subject?: string;
  readonly ack_wait: number;
  readonly max_ack_pending: number;
}

/** Pulled, from the first message kept, redelivered as often as it takes. */
const fixed = {
  ...{ ack_policy: "explicit", deliver_policy: "all", replay_policy: "instant", max_deliver: -1 },
};

const decisive = ["filter_subject", "ack_wait", "max_ack_pending", "ack_policy", "deliver_subject"];

/**
 * Creates the durable consumer unless it exists. Looks first: JetStream would change one that
 * exists to these options, under those who use it.
 *
 * @throws RangeError if it exists with other options, or its filter is none of the stream's subjects;
 * and what JetStreamApi throws.
 */
export async function ensureConsumer(
  api: JetStreamApi,
  stream: string,
  config: NatsConsumerConfig,
): Promise<"existed" | "created"> {
  const { durable_name: name } = config;
  const existing = await findConsumer(api, `${stream}.${name}`);
  if (existing) {
    assertSame(config, existing);
    return "existed";
  }
  try {
    const body = { stream_name: stream, config: { ...fixed, ...config } };
    await api.call(`CONSUMER.DURABLE.CREATE.${stream}.${name}`, body);
  } catch (error) {
    if (!isJetStreamError(error, "filterNotSubset")) throw error;
    throw new RangeError(`no subject of stream "${stream}" is in the filter of consumer "${name}"`);
  }
  return "created";
}

async function findConsumer(
  api: JetStreamApi,
  path: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const info = await api.call(`CONSUMER.INFO.${path}`);
    return recordOf(info["config"]);
  } catch (error) {
    if (isJetStreamError(error, "consumerNotFound")) return undefined;
    throw error;
  }
}

function assertSame(config: NatsConsumerConfig, existing: Readonly<Record<string, unknown>>): void {
  const wanted: Readonly<Record<string, unknown>> = { ...fixed, ...config };
  const others = decisive.filter((member) => wanted[member] !== existing[member]);
  if (others.length === 0) return;
  const found = others.map((member) => `${member} ${JSON.stringify(existing[member])}`).join(", ");
  throw new RangeError(`consumer "${config.durable_name}" exists with other options: ${found}`);
}
