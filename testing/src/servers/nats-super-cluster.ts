import { type NatsServer, natsPorts, startNats } from "./nats-server.ts";

export interface NatsSuperClusterOptions {
  /**
   * Where a region's server dials another's gateway port; put a proxy between them here. Default: the
   * port itself, "127.0.0.1:port".
   */
  readonly gatewayAddress?: (link: NatsLink) => string | Promise<string>;
  /** Wait until JetStream has a leader, which takes up to seconds. Default true. */
  readonly awaitJetStream?: boolean;
}

export interface NatsLink {
  readonly from: string;
  readonly to: string;
  /** The gateway port of `to`. */
  readonly address: string;
}

/** Where nobody listens, so that regions meet only by the addresses they were given. */
const nowhere = "127.0.0.1:9";

/**
 * One cluster per region with one server each, joined by gateways: subjects reach all regions.
 *
 * On 2.9 JetStream takes clusters of one server only with a route to themselves, and is one
 * JetStream for all regions: its servers elect one leader (so opening streams and consumers needs a
 * majority of the regions), stream names are global, and a stream of one replica lives in the region
 * where it was opened first; others reach it over gateways. Domains do not divide it: with them,
 * whichever region leads places all streams.
 */
export async function startNatsSuperCluster<Region extends string>(
  regions: readonly Region[],
  {
    gatewayAddress = ({ address }) => address,
    awaitJetStream = true,
  }: NatsSuperClusterOptions = {},
): Promise<ReadonlyMap<Region, NatsServer> & AsyncDisposable> {
  const places = await Promise.all(
    regions.map(async (region) => ({ region, ports: await natsPorts() })),
  );
  const servers = new Map<Region, NatsServer>();
  const end = async (): Promise<void> => {
    await Promise.all([...servers.values()].map((server) => server[Symbol.asyncDispose]()));
  };
  const start = async ({ region, ports }: (typeof places)[number]): Promise<void> => {
    const others = places.filter((place) => place.region !== region);
    const remotes = await Promise.all(
      others.map(async ({ region: to, ports: { gateway } }) => {
        const link = { from: region, to, address: `127.0.0.1:${gateway}` };
        return { name: to, address: await gatewayAddress(link) };
      }),
    );
    const gateway = { name: region, remotes, advertise: nowhere };
    servers.set(
      region,
      await startNats({ name: region, ports, cluster: { name: region }, gateway }),
    );
  };
  try {
    await Promise.all(places.map(start));
    if (awaitJetStream) {
      await Promise.all([...servers.values()].map((server) => server.jetStreamReady()));
    }
  } catch (error) {
    await end();
    throw error;
  }
  return Object.assign(servers, { [Symbol.asyncDispose]: end });
}
