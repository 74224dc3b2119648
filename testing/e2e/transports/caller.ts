/** One way to call AdminService. All speak proto's JSON here, so that answers can be compared. */
export interface Caller {
  /** By the method's name, as `GetTeam`. */
  call(method: string, request: Json, token?: string): Promise<Outcome>;
  /** Until the caller stops reading. @throws {CallFailed} */
  stream(method: string, request: Json, token?: string): AsyncIterable<Json>;
  close(): void;
}

export interface CallerOf {
  readonly name: string;
  connect(server: Server): Promise<Caller>;
}

export interface Server {
  readonly adminUrl: string;
  readonly grpcUrl: string;
  /** May do everything: for what a caller has to ask before it can call. */
  readonly rootToken: string;
}

export type Json = Readonly<Record<string, unknown>>;

export type Outcome = { readonly answer: Json } | Failure;

export interface Failure {
  /** As Connect writes it: `not_found`. */
  readonly code: string;
  readonly message: string;
}

/** How a stream ends that is refused. */
export class CallFailed extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(`${failure.code}: ${failure.message}`);
    this.failure = failure;
  }
}

export const serviceName = "headgate.admin.v1.AdminService";
