import { createContextKey } from "@connectrpc/connect";

/** Who is at the other end of a call. */
export interface Peer {
  /** IP address; "in-process" for calls that came over no network. */
  readonly address: string;

  /** End the HTTP/2 stream (or connection) at once, whatever it is doing. */
  readonly cut: () => void;

  /** Take no more from the other side, once what was sent is out: a peer may never end its half. */
  readonly close: () => void;
}

const inProcessPeer: Peer = {
  address: "in-process",
  cut: () => undefined,
  close: () => undefined,
};

export const peerKey = createContextKey<Peer>(inProcessPeer, { description: "peer of a call" });
