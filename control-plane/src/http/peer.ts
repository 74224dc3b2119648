import { createContextKey } from "@connectrpc/connect";
import type { PeerCertificate } from "./peer-certificate.ts";

/** Who is at the other end of a call. */
export interface Peer {
  /** IP address; "in-process" for calls that came over no network. */
  readonly address: string;

  /** What the client showed by TLS, good or bad; absent: nothing, or it was not asked. */
  readonly certificate?: PeerCertificate;

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
