/** Regions on one machine, with a network between them that can be broken. */

export { LabConsole } from "./console/lab-console.ts";
export { labMap } from "./console/map.ts";
export { labStatus } from "./console/status.ts";
export { Lab } from "./lab.ts";
export { type LabCut, type LabLink, LabLinks } from "./lab-links.ts";
export type { LabOptions, ProviderUrls } from "./lab-options.ts";
export { labKey, labModel, labResources } from "./lab-resources.ts";
export { LabLoad, type LoadOptions, type LoadReport, type LoadTruth } from "./load/lab-load.ts";
export type { TallyReport } from "./load/tally.ts";
export type { Part, PartState } from "./part.ts";
export type { LabProvider } from "./parts/lab-provider.ts";
export type { PlanePart } from "./parts/plane-part.ts";
export type { ProviderPart } from "./parts/provider-parts.ts";
export { startLab } from "./start-lab.ts";
