import type { Peer } from "../http/peer.ts";
import type { NodePrincipal } from "./principal.ts";

/**
 * Which node calls, by the headers and the connection alone.
 *
 * @throws {Refusal} that says what is needed.
 */
export type NodeAuthenticator = (headers: Headers, peer: Peer) => Promise<NodePrincipal>;
