/** One data-plane node: serves calls from memory, follows the control plane beside it. */
export { type DataPlane, type DataPlaneOptions, startDataPlane } from "./data-plane.ts";
export { ListenError } from "./workers/listen-error.ts";
