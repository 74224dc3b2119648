/** Faults in a lab with load running, what must hold through them, and how long it takes to recover. */

export {
  backendFaults,
  controlPlaneFaults,
  type FaultGroup,
  faultGroups,
  regionFaults,
} from "./catalogue/index.ts";
export type { Fault, FaultReport, Measured, WriteSummary } from "./fault.ts";
export { faultTable } from "./fault-table.ts";
export type { Recovery } from "./trial.ts";
export { startWorld, tryFault, type World } from "./try-fault.ts";
