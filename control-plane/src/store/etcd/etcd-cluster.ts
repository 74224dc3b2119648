import { type Clock, fullJitterMs, type Random, systemRandom } from "@headgate/core";
import type { Etcd3 } from "etcd3";
import { StoreError } from "../store-error.ts";
import { AuthToken } from "./auth-token.ts";
import { integerFrom } from "./entry-from.ts";
import { EtcdFailure, storeErrorFrom } from "./etcd-failure.ts";
import type { EtcdStoreSettings } from "./etcd-store-options.ts";
import { type CallOptions, Member } from "./member.ts";

/** Something to ask of one member. */
export interface EtcdCall<T> {
  /** Done twice, it does no more than once: tried again also where its outcome is unknown. */
  readonly repeatable: boolean;
  readonly send: (client: Etcd3, options: CallOptions) => Promise<T>;
}

export interface Present {
  readonly revision: number;
  /** Of the leader who confirmed it. */
  readonly term: string;
}

/** How long a member that answered is trusted with what can't be repeated. */
const provenMs = 10_000;
/** Pauses between rounds of all members, and between looks at one that is away. */
const pauseBaseMs = 100;
const pauseMaxMs = 1_000;

/**
 * Calls to whichever member answers, each within `requestTimeoutMs`.
 *
 * - Members are tried in the order they were given, those that failed lately last. They are looked at
 *   in the background until they answer, so no call pays for finding out.
 * - What can be repeated gets a third of the time at one member before the next is asked.
 * - What can't be repeated is sent only to a member that answered within the last ten seconds or
 *   answers a question first: one that is away costs no doubt, and without quorum nothing is sent. It
 *   is sent again only where gRPC or etcd said that nothing was done.
 */
export class EtcdCluster {
  readonly #settings: EtcdStoreSettings;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #members: readonly Member[];
  readonly #token: AuthToken;
  readonly #stopper = new AbortController();
  readonly #awaited = new Set<Member>();
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(settings: EtcdStoreSettings) {
    this.#settings = settings;
    this.#clock = settings.clock;
    this.#random = settings.random ?? systemRandom;
    this.#members = settings.hosts.map((host) => new Member(host, settings));
    this.#token = new AuthToken(settings.credentials);
  }

  /** Aborts when it is closed. */
  get closed(): AbortSignal {
    return this.#stopper.signal;
  }

  /** @throws {StoreError | RangeError | EtcdFailure} What the store's caller is to see, or map. */
  run<T>(call: EtcdCall<T>): Promise<T> {
    return this.#track(this.#run(call));
  }

  /** `open` something that outlives the call, at a member that can tell the present: `revision`. */
  open<T>(
    open: (member: Member, options: CallOptions) => Promise<T>,
  ): Promise<{ readonly opened: T; readonly revision: number }> {
    return this.run({
      repeatable: true,
      send: async (client, { interceptors = [], ...options }) => {
        const { revision } = await this.readPresent(client, { interceptors, ...options });
        const member = this.#members.find((each) => each.client === client);
        if (!member) throw new Error("a client of no member");
        return { opened: await open(member, { interceptors }), revision };
      },
    });
  }

  /** The present's revision, from this member; undefined when it can't tell. */
  async presentAt(member: Member, withinMs: number): Promise<number | undefined> {
    const send = this.readPresent.bind(this);
    const call = { repeatable: true, send };
    const outcome = await this.#track(this.#attempt(member, call, withinMs));
    return outcome.ok ? outcome.value.revision : undefined;
  }

  /** A read that only a member in touch with the quorum can answer. It finds nothing. */
  async readPresent(client: Etcd3, options: CallOptions): Promise<Present> {
    const key = Buffer.from(this.#settings.prefix);
    const { header } = await client.kv.range({ key, count_only: true }, options);
    return { revision: integerFrom(header.revision), term: header.raft_term };
  }

  /** Do not ask it first until it was heard of again. */
  suspect(member: Member, why: unknown): void {
    if (member.suspect || this.closed.aborted) return;
    member.suspect = true;
    this.#settings.onError(EtcdFailure.from(why, member.host));
    if (this.#awaited.has(member)) return;
    this.#awaited.add(member);
    void this.#track(this.#awaitReturn(member));
  }

  /** Wait, the longer the more failures there were. */
  async pause(attempt: number, signal: AbortSignal, mostMs = pauseMaxMs): Promise<void> {
    const [random, maxMs] = [this.#random, Math.min(pauseMaxMs, mostMs)];
    await this.#clock.sleep(fullJitterMs({ attempt, baseMs: pauseBaseMs, maxMs, random }), signal);
  }

  /** @throws {StoreError} once it is closed. */
  assertOpen(): void {
    this.closed.throwIfAborted();
  }

  /** What is under way is answered first. Idempotent. */
  async close(): Promise<void> {
    this.#stopper.abort(new StoreError("closed", "the store in etcd is closed"));
    await Promise.allSettled(this.#underWay);
    for (const member of this.#members) member.close();
  }

  async #track<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work);
    try {
      return await work;
    } finally {
      this.#underWay.delete(work);
    }
  }

  async #run<T>(call: EtcdCall<T>): Promise<T> {
    const { requestTimeoutMs } = this.#settings;
    const deadlineMs = this.#clock.now() + requestTimeoutMs;
    let telling: EtcdFailure | undefined;
    for (let round = 0; ; round++) {
      for (const member of this.#inOrder()) {
        this.assertOpen();
        const leftMs = deadlineMs - this.#clock.now();
        const none = call.repeatable ? "it may be tried again" : "nothing was written";
        if (leftMs <= 0) throw unavailable(telling, none);
        const outcome = await this.#try(member, call, leftMs);
        if (outcome.ok) return outcome.value;
        const { failure } = outcome;
        if (failure.kind === "unknown" && !call.repeatable) {
          const doubt = "it may or may not have been written: read before you try again";
          throw unavailable(failure, doubt);
        }
        if (!isPassing(failure)) throw storeErrorFrom(failure);
        if (!telling || !failure.isLateness) telling = failure;
      }
      await this.pause(round, this.closed, Math.max(0, deadlineMs - this.#clock.now()));
    }
  }

  async #try<T>(member: Member, call: EtcdCall<T>, leftMs: number): Promise<Outcome<T>> {
    const shareMs = Math.min(leftMs, this.#settings.requestTimeoutMs / 3);
    if (call.repeatable) return await this.#attempt(member, call, shareMs);
    const startedMs = this.#clock.now();
    if (member.suspect || startedMs - member.answeredAtMs > provenMs) {
      const send = this.readPresent.bind(this);
      const proof = await this.#attempt(member, { repeatable: true, send }, shareMs);
      if (!proof.ok) return { ok: false, failure: proof.failure.asUnsent() };
    }
    return await this.#attempt(member, call, leftMs - (this.#clock.now() - startedMs));
  }

  async #attempt<T>(member: Member, call: EtcdCall<T>, withinMs: number): Promise<Outcome<T>> {
    const deadline = this.#clock.wallTimeMs() + withinMs;
    const send = async (options: CallOptions) => {
      // Getting a token took time too.
      const late = deadline <= this.#clock.wallTimeMs();
      if (late) throw new EtcdFailure("no time was left", member.host, "unsent");
      return await call.send(member.client, options);
    };
    try {
      const value = await this.#token.use(member, { deadline }, send);
      this.#heard(member);
      return { ok: true, value };
    } catch (error) {
      const failure = EtcdFailure.from(error, member.host);
      if (failure.kind === "unsent" || failure.kind === "unknown") this.suspect(member, failure);
      else this.#heard(member);
      return { ok: false, failure };
    }
  }

  #heard(member: Member): void {
    member.suspect = false;
    member.answeredAtMs = this.#clock.now();
  }

  async #awaitReturn(member: Member): Promise<void> {
    for (let attempt = 1; member.suspect; attempt++) {
      await this.pause(attempt, this.closed);
      if (this.closed.aborted) return;
      if (member.suspect) await this.presentAt(member, this.#settings.requestTimeoutMs / 3);
    }
    this.#awaited.delete(member);
    this.#settings.onReturn(member.host);
  }

  #inOrder(): Member[] {
    return [
      ...this.#members.filter(({ suspect }) => !suspect),
      ...this.#members.filter(({ suspect }) => suspect),
    ];
  }
}

type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: EtcdFailure };

/** Another member, or this one later, may do it. */
function isPassing({ kind }: EtcdFailure): boolean {
  return kind === "unsent" || kind === "unknown" || kind === "busy";
}

function unavailable(failure: EtcdFailure | undefined, meaning: string): StoreError {
  const last = failure ? ` (${failure.message})` : "";
  return new StoreError("unavailable", `no answer from etcd; ${meaning}${last}`, {
    cause: failure,
  });
}
