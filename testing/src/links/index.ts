export {
  type Cut,
  type CutMode,
  Link,
  type LinkCounters,
  type LinkOptions,
  type LinkState,
  startLink,
} from "./link.ts";
export type { LinkTarget } from "./link-connection.ts";
export type { Shape } from "./shape.ts";
export { type Routes, startTunnelProxy, TunnelProxy } from "./tunnel-proxy.ts";
