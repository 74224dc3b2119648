/** One data-plane node: serves calls from memory, follows the control plane beside it. */
export { type DataPlane, type DataPlaneOptions, startDataPlane } from "./data-plane.ts";
export { NodeCredentials } from "./identity/node-credentials.ts";
export { loadOrCreateNodeKey } from "./identity/node-key.ts";
export { nodeTokenInterceptor } from "./identity/node-token-interceptor.ts";
export { ListenError } from "./workers/listen-error.ts";
