import { EtcdFailure } from "./etcd-failure.ts";
import type { EtcdCredentials } from "./etcd-store-options.ts";
import type { CallOptions, Member } from "./member.ts";

type Interceptor = NonNullable<CallOptions["interceptors"]>[number];

/**
 * The token that etcd gives for a user name and password, good at all members.
 *
 * etcd forgets it after five minutes without use, when it restarts, and when users change. etcd3's
 * own way to get one opens a connection for each token and never closes it.
 */
export class AuthToken {
  readonly #credentials: EtcdCredentials | undefined;
  #token: Promise<string> | undefined;

  constructor(credentials: EtcdCredentials | undefined) {
    this.#credentials = credentials;
  }

  /**
   * Do `work` with the token, which is asked for where we have none; and once more with a new one
   * where etcd does not take it (and has done nothing).
   *
   * @throws {EtcdFailure}
   */
  async use<T>(
    member: Member,
    options: CallOptions,
    work: (options: CallOptions) => Promise<T>,
  ): Promise<T> {
    for (let tries = 1; ; tries++) {
      const token = this.#current(member, options);
      try {
        return await work(withToken(await token, options));
      } catch (error) {
        const failure = EtcdFailure.from(error, member.host);
        if (failure.kind !== "token") throw failure;
        this.#forget(token);
        if (!this.#credentials || tries > 1) throw failure;
      }
    }
  }

  #current(member: Member, options: CallOptions): Promise<string> {
    if (this.#token) return this.#token;
    const token = this.#authenticate(member, options);
    token.catch(() => this.#forget(token));
    this.#token = token;
    return token;
  }

  /** Unless another has got a new one meanwhile. */
  #forget(token: Promise<string>): void {
    if (this.#token === token) this.#token = undefined;
  }

  /** "" where nobody is asked for a password. */
  async #authenticate(member: Member, options: CallOptions): Promise<string> {
    if (!this.#credentials) return "";
    const { username: name, password } = this.#credentials;
    try {
      return (await member.client.auth.authenticate({ name, password }, options)).token;
    } catch (error) {
      const failure = EtcdFailure.from(error, member.host);
      if (failure.kind === "no_auth") return "";
      throw failure.asUnsent();
    }
  }
}

function withToken(token: string, options: CallOptions): CallOptions {
  return token === "" ? options : { ...options, interceptors: [interceptorFrom(token)] };
}

function interceptorFrom(token: string): Interceptor {
  return (options, nextCall) => {
    const call = nextCall(options);
    const start = call.start.bind(call);
    call.start = (metadata, listener) => {
      const signed = metadata.clone();
      signed.set("token", token);
      start(signed, {
        onReceiveMetadata: (received) => listener?.onReceiveMetadata?.(received),
        onReceiveMessage: (message) => listener?.onReceiveMessage?.(message),
        onReceiveStatus: ({ details, ...status }) =>
          listener?.onReceiveStatus?.({ ...status, details: unseenByEtcd3(details) }),
      });
    };
    // The type asks for a class that adds nothing to the interface.
    return call as ReturnType<Interceptor>;
  };
}

/** What etcd3 takes for a bad token it repeats at once and without end, with the same token. */
function unseenByEtcd3(details: string): string {
  return details.replace("etcdserver: invalid auth token", "invalid auth token");
}
