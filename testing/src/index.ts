/** Fakes and harness for tests and benches. Nothing that ships imports this. */
export {
  type Answer,
  emptyAnswer,
  errorAnswer,
  errorInside200Answer,
  htmlAnswer,
  jsonAnswer,
  oversizedAnswer,
  type Piece,
  rateLimitedAnswer,
  serverErrorAnswer,
  untypedAnswer,
} from "./answer.ts";
export {
  Authority,
  type Certificate,
  type CertificateRequest,
  createAuthority,
} from "./certificates.ts";
export { withDeadline } from "./deadline.ts";
export { type Exchange, exchangeAnswer, exchangeBytes } from "./exchange.ts";
export {
  type ExchangeFilter,
  type ExchangeLibrary,
  exchangeFolders,
  openExchanges,
} from "./exchange-library.ts";
export {
  createSigningKey,
  FakeIssuer,
  type IssuerAlgorithm,
  type IssuerBehaviour,
  type SigningKey,
  startFakeIssuer,
  type TokenOptions,
} from "./fake-issuer.ts";
export {
  type Behaviour,
  FakeProvider,
  type FakeProviderOptions,
  startFakeProvider,
} from "./fake-provider.ts";
export {
  type RunningControlPlane,
  type RunningDataPlane,
  type RunningUp,
  type StartOptions,
  startControlPlane,
  startDataPlane,
  startUp,
  temporaryFolder,
} from "./harness.ts";
export { type Exit, HeadgateProcess, type HeadgateProcessOptions } from "./headgate-process.ts";
export { type LogLine, LogLines } from "./log-lines.ts";
export { fakeEmbedding, type OpenAiAnswersOptions, openAiAnswers } from "./openai-answers.ts";
export { guardAgainstOutliving } from "./outlive-guard.ts";
export type { ProviderRequest } from "./provider-request.ts";
export { type CommandResult, runHeadgate } from "./run-headgate.ts";
export { Watchers } from "./watchers.ts";
