/** A request that is about to be sent, for those vendors whose credential depends on it or on time. */
export interface UnsignedRequest {
  readonly method: "POST";
  /** `https://host:port`. */
  readonly origin: string;
  readonly path: string;
  /** Name, value, name, value. */
  readonly headers: readonly string[];
  readonly body: Uint8Array;
}

/**
 * The headers that prove who we are: name, value, name, value. Answers at once where it can.
 * @throws {Fault} upstream_credentials_rejected or upstream_unavailable (no token could be had).
 */
export interface Authorize {
  (request: UnsignedRequest): readonly string[] | Promise<readonly string[]>;
  /** A request with these headers was answered by 401: if their proof was kept, it is used no more. */
  reject?(headers: readonly string[]): void;
}
