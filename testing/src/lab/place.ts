/** What a lab is made of. */
export const partKinds = ["etcd", "nats", "control-plane", "node", "provider"] as const;
export type PartKind = (typeof partKinds)[number];

/** Where links may begin: a part, or whoever uses the lab from outside. */
export interface Endpoint {
  readonly name: string;
  readonly kind: PartKind | "outside";
  /** Undefined outside: a user's place is no region of the lab's, so isolating one leaves them in. */
  readonly region: string | undefined;
}

export const outside: Endpoint = { name: "outside", kind: "outside", region: undefined };

/** `node/eu-west`, or `node/eu-west/2` where a region has several. */
export function endpointOf(kind: PartKind, region: string, replica?: number): Endpoint {
  const suffix = replica === undefined ? "" : `/${replica}`;
  return { name: `${kind}/${region}${suffix}`, kind, region };
}

/**
 * Whether a place, as a user names it, holds an endpoint. A place is a region (`eu-west`), a kind
 * (`etcd`), a kind in a region (`control-plane/eu-west`, all replicas of it), or one part.
 */
export function isIn(endpoint: Endpoint, place: string): boolean {
  const { name, kind, region } = endpoint;
  return place === region || place === kind || place === name || name.startsWith(`${place}/`);
}
