/** undici's pool alone: its index loads fetch, WebSocket and caches too, 11 MiB that we do not use. */
declare module "undici/lib/dispatcher/pool.js" {
  export { Pool as default } from "undici";
}
