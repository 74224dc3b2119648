/** undici's pool alone: its index loads fetch, WebSocket and caches too, 11 MiB that we do not use. */
declare module "undici/lib/dispatcher/pool.js" {
  export { Pool as default } from "undici";
}

/** The method request(), which only undici's index gives to its pools. */
declare module "undici/lib/api/api-request.js" {
  import type { Dispatcher } from "undici";

  export default function request(
    this: Dispatcher,
    options: Dispatcher.RequestOptions,
  ): Promise<Dispatcher.ResponseData>;
}
