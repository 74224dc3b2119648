/** How the parts of Headgate talk beside the request path. */
export {
  type Bus,
  BusClosedError,
  BusTimeoutError,
  busLimits,
  type ConsumeOptions,
  type DurableHandler,
  type DurableMessage,
  type DurableStream,
  type Message,
  type MessageHandler,
  NoRespondersError,
  type RequestOptions,
  type StreamOptions,
  type SubscribeOptions,
  type Subscription,
} from "./bus.ts";
export { createInProcessBus, type InProcessBusOptions } from "./in-process-bus.ts";
