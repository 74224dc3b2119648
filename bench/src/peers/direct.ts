import type { Peer } from "./peer.ts";

/** No proxy at all: what the others' latency is compared with. */
export const direct: Peer = {
  name: "direct",
  probe: async () => ({ available: true, version: "no proxy" }),
  prepare: async ({ upstreamPort }) => ({
    origin: `http://127.0.0.1:${upstreamPort}`,
    headers: {},
    dispose: async () => {},
  }),
};
