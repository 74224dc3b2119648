/** What operators write: resources and process settings, read from YAML and checked in one place. */
export { didYouMean } from "./did-you-mean.ts";
export { formatDuration, parseDuration } from "./duration.ts";
export { formatProblem, type Problem } from "./problem.ts";
export type { BusConfig, NatsCredentials, StoreConfig } from "./process/backend-fields.ts";
export type { ControlPlaneConfig } from "./process/control-plane-config.ts";
export { loadControlPlaneConfig } from "./process/control-plane-config.ts";
export type { DataPlaneConfig } from "./process/data-plane-config.ts";
export { loadDataPlaneConfig } from "./process/data-plane-config.ts";
export { processDefaults } from "./process/defaults.ts";
export type { ClientTlsFiles } from "./process/fields.ts";
export {
  formatListenAddress,
  type ListenAddress,
  parseListenAddress,
  type TcpAddress,
} from "./process/listen-address.ts";
export type { ProcessConfigInput, ProcessConfigResult } from "./process/load-process-config.ts";
export type { OidcConfig, OidcRole } from "./process/oidc-field.ts";
export { regionNamePattern } from "./region-name.ts";
export {
  checkKeyReferences,
  checkModelReferences,
  checkReferences,
  type Names,
  type ReferenceProblem,
  type ResourceIndex,
} from "./resources/check-references.ts";
export { checkResource } from "./resources/check-resource.ts";
export { enumFromWord, enumWord, enumWords } from "./resources/enum-words.ts";
export { formatResourceSet } from "./resources/format-resource-set.ts";
export {
  type LoadResourceSetOptions,
  type LoadResourceSetResult,
  loadResourceSet,
} from "./resources/load-resource-set.ts";
export {
  type CheckedResourceSet,
  checkResourceSet,
  type LoadWithSecretsOptions,
  loadWithSecrets,
} from "./resources/load-with-secrets.ts";
export { missingSecrets } from "./resources/missing-secrets.ts";
export { type PlainObject, toPlain } from "./resources/plain.ts";
export {
  providerDefaults,
  type UpstreamSettings,
  upstreamBaseUrl,
  upstreamSettings,
} from "./resources/provider-defaults.ts";
export {
  type ResourceKind,
  type ResourceKindEntry,
  type ResourceMessages,
  resourceKindNames,
  resourceKinds,
  resourcesOfKind,
} from "./resources/resource-kinds.ts";
export { KeyFileError } from "./secrets/key-file.ts";
export { type KeyRing, type LoadKeyRingOptions, loadKeyRing } from "./secrets/key-ring.ts";
export { readOrCreateFile } from "./secrets/read-or-create-file.ts";
export { createSealer, type Sealer } from "./secrets/sealer.ts";
export type {
  SecretContext,
  SecretReference,
  SecretSource,
} from "./secrets/sources/secret-source.ts";
export { SecretError } from "./secrets/sources/secret-source.ts";
export {
  createSecretSources,
  type SecretSourcesOptions,
} from "./secrets/sources/secret-sources.ts";
export { UnsealError } from "./secrets/unseal-error.ts";
