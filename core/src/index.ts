/** Pure algorithms: no I/O, nothing of ours imported. */
export { type Candidate, createPicker, type Picker, type StrategyName } from "./balance/picker.ts";
export { type Clock, systemClock } from "./clock.ts";
export {
  type ErrorBody,
  Fault,
  type FaultCode,
  type FaultOptions,
  faultTable,
} from "./fault.ts";
export { globMatches } from "./glob.ts";
export { isRecord } from "./json/is-record.ts";
export { jsonText } from "./json/json-text.ts";
export { hasLongInteger, parseExact } from "./json/parse-exact.ts";
export { parseJson } from "./json/parse-json.ts";
export { recordOf } from "./json/record-of.ts";
export { type Member, type MemberType, type ScanResult, scanMembers } from "./json/scan-members.ts";
export { type Splice, splice } from "./json/splice.ts";
export {
  type ElectionInput,
  electionDueMs,
  initialElection,
  isLeading,
  stepElection,
} from "./leadership/election.ts";
export type {
  DepositionReason,
  ElectionEffect,
  ElectionEvent,
  ElectionSettings,
  ElectionState,
  Holder,
} from "./leadership/election-state.ts";
export { ManualClock } from "./manual-clock.ts";
export { type Random, seededRandom, systemRandom } from "./random.ts";
export { Cooldowns } from "./resilience/cooldowns.ts";
export { type FullJitterOptions, fullJitterMs } from "./resilience/full-jitter.ts";
export { RetryBudget } from "./resilience/retry-budget.ts";
export { type HashedResource, resourceHash } from "./resource-hash.ts";
export { errorInEvent } from "./sse/error-in-event.ts";
export { type NamedEvent, NamedEvents, rewriteEvent } from "./sse/named-events.ts";
export {
  type MendEvent,
  SseRelay,
  type SseRelayOptions,
  type StreamError,
} from "./sse/sse-relay.ts";
export { measurePrompt, type PromptMeasure } from "./tokens/prompt-measure.ts";
export { TokenEstimator } from "./tokens/token-estimator.ts";
export { usageFromOpenAi } from "./usage/openai-usage.ts";
export type { Usage } from "./usage/usage.ts";
export { Wakeup } from "./wakeup.ts";
