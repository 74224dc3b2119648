import { createHash } from "node:crypto";

/**
 * Responses are kept by one deployment, and only it can go on from them. Which one, their id tells:
 * a short tag of the deployment stands in it, so that no node has to remember anything, and restarts
 * and other nodes are no hindrance. What the tag was made of can't be read from it.
 *
 *   resp_68c4…               →  resp_hg0a1b2c3d4e_68c4…
 *   1235b7ba-fdc9-…          →  resp_hg0a1b2c3d4e-1235b7ba-fdc9-…    (no prefix to take off)
 */
export function markResponseId(id: string, deploymentId: string): string {
  if (id === "" || id.length > idLengthMax) return id;
  const tag = deploymentTag(deploymentId);
  return id.startsWith(prefix)
    ? `${prefix}hg${tag}_${id.slice(prefix.length)}`
    : `${prefix}hg${tag}-${id}`;
}

export interface MarkedId {
  /** `deploymentTag` of the deployment that keeps the response. */
  readonly tag: string;
  /** The provider's own id. */
  readonly original: string;
}

/** What a marked id says; undefined for one that is not marked. */
export function readResponseId(id: string): MarkedId | undefined {
  if (id.length > idLengthMax + markLengthMax) return undefined;
  const [, tag, separator, rest] = markedPattern.exec(id) ?? [];
  if (tag === undefined || rest === undefined) return undefined;
  return { tag, original: separator === "_" ? prefix + rest : rest };
}

/** Ten hexadecimal digits: among a thousand deployments two are the same once in two million fleets. */
export function deploymentTag(deploymentId: string): string {
  return createHash("sha256").update(deploymentId).digest("hex").slice(0, 10);
}

const prefix = "resp_";
const markedPattern = /^resp_hg([0-9a-f]{10})([_-])(.+)$/s;
/** Characters. Real ones have about 60; what is longer is none, and is not marked. */
const idLengthMax = 512;
/** Most characters that a mark adds. */
const markLengthMax = 18;
