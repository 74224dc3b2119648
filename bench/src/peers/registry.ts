import { direct } from "./direct.ts";
import { headgate } from "./headgate.ts";
import { headgateUp } from "./headgate-up.ts";
import { nginx } from "./nginx.ts";
import { bare, lean } from "./pass-through.ts";
import type { Peer, PeerName } from "./peer.ts";
import { portkey } from "./portkey.ts";

/** In the order of the columns of the tables. */
export const peers: readonly Peer[] = [direct, bare, lean, nginx, portkey, headgate, headgateUp];

export const peerNames: readonly PeerName[] = peers.map((peer) => peer.name);
