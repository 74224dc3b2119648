/** How the parts of Headgate talk beside the request path. */
export {
  type Bus,
  BusClosedError,
  type BusStatus,
  BusTimeoutError,
  BusUnavailableError,
  busLimits,
  type ConsumeOptions,
  type DurableHandler,
  type DurableMessage,
  type DurableStream,
  type KeptMessage,
  type Message,
  type MessageHandler,
  NoRespondersError,
  type ReadOptions,
  type RequestOptions,
  type StreamBounds,
  type StreamOptions,
  type SubscribeOptions,
  type Subscription,
} from "./bus.ts";
export { createInProcessBus, type InProcessBusOptions } from "./in-process-bus.ts";
export { type LatestWins, type LatestWinsOptions, subscribeLatest } from "./latest-wins.ts";
export type { NatsBus } from "./nats/nats-bus.ts";
export type { NatsBusOptions, NatsCredentials, NatsTls } from "./nats/nats-bus-options.ts";
export type { NatsWaits } from "./nats/nats-waits.ts";
export { subjectToken } from "./subject-token.ts";
