import { timingSafeEqual } from "node:crypto";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Clock, Random } from "@headgate/core";
import type { Logger } from "pino";
import { tokenDigest } from "../http/bearer-token.ts";
import type { ResourceCodec } from "../resources/resource-codec.ts";
import { type Following, followPrefix } from "../store/follow-prefix.ts";
import type { Entry, Store, WatchBatch } from "../store/store.ts";
import { type KnownRole, knownRole } from "./role-words.ts";
import { readToken, tokenNameFrom, tokensPrefix } from "./stored-token.ts";

export interface TokenCacheOptions {
  readonly store: Store;
  readonly codec: ResourceCodec;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** An admin token as the store has it. */
export interface KnownToken {
  readonly name: string;
  readonly role: KnownRole;
  readonly team: string | undefined;
  readonly expireTimeMs: number | undefined;
  /** Aborts when the token is deleted, or replaced by another of its name. */
  readonly withdrawn: AbortSignal;
}

interface CachedToken extends KnownToken {
  readonly hash: Buffer;
  readonly revision: number;
  readonly withdraw: AbortController;
}

/** Some 400 bytes each. Humans and pipelines, not users: those have keys. */
export const tokensMax = 10_000;

/**
 * All admin tokens, in memory: callers are known while the store is away, and a token that one
 * replica deletes is refused by the others as soon as they hear of it.
 */
export class TokenCache {
  readonly #options: TokenCacheOptions;
  readonly #byName = new Map<string, CachedToken>();
  readonly #byHash = new Map<string, CachedToken>();
  /** Deleted by this replica at a revision that the watch has not reached: must not come back. */
  readonly #deleted = new Map<string, number>();
  readonly #following: Following;

  constructor(options: TokenCacheOptions) {
    this.#options = options;
    const { store, clock, random, logger } = options;
    this.#following = followPrefix({
      store,
      prefix: tokensPrefix,
      clock,
      random,
      onList: (entries, revision) => this.#replaceAll(entries, revision),
      onChanges: (batch) => this.#apply(batch),
      onLost: (err) => logger.warn({ err }, "the watch of admin tokens was lost; trying again"),
    });
  }

  /** Resolves when all tokens have been read once. Never rejects. */
  get loaded(): Promise<void> {
    return this.#following.listed;
  }

  get isLoaded(): boolean {
    return this.#following.isListed;
  }

  get size(): number {
    return this.#byName.size;
  }

  /** Expired ones too: what to say of them is the caller's. */
  find(token: string): KnownToken | undefined {
    const digest = tokenDigest(token);
    const known = this.#byHash.get(digest.toString("hex"));
    return known && timingSafeEqual(known.hash, digest) ? known : undefined;
  }

  /** This replica wrote it: in force before the watch tells. */
  put(entry: Entry): void {
    const name = tokenNameFrom(entry.key);
    const known = this.#byName.get(name);
    if (Math.max(known?.revision ?? 0, this.#deleted.get(name) ?? 0) >= entry.revision) return;
    this.#deleted.delete(name);
    const token = this.#read(entry, known);
    if (token?.withdraw !== known?.withdraw) this.#forget(name);
    if (!token) return;
    this.#byName.set(name, token);
    this.#byHash.set(token.hash.toString("hex"), token);
  }

  /** This replica deleted it, at `revision`. */
  remove(name: string, revision: number): void {
    if ((this.#byName.get(name)?.revision ?? 0) > revision) return;
    this.#forget(name);
    this.#deleted.set(name, revision);
  }

  async stop(): Promise<void> {
    await this.#following[Symbol.asyncDispose]();
  }

  #replaceAll(entries: readonly Entry[], revision: number): void {
    const listed = new Set(entries.map(({ key }) => tokenNameFrom(key)));
    for (const [name, known] of this.#byName) {
      if (!listed.has(name) && known.revision <= revision) this.#forget(name);
    }
    for (const entry of entries) this.put(entry);
    this.#reached(revision);
  }

  #apply({ revision, changes }: WatchBatch): void {
    for (const change of changes) {
      if (change.type === "put") this.put(change.entry);
      else this.remove(tokenNameFrom(change.key), revision);
    }
    this.#reached(revision);
  }

  /** Older changes can't come any more. */
  #reached(revision: number): void {
    for (const [name, at] of this.#deleted) if (at <= revision) this.#deleted.delete(name);
  }

  #forget(name: string): void {
    const known = this.#byName.get(name);
    if (!known) return;
    this.#byName.delete(name);
    this.#byHash.delete(known.hash.toString("hex"));
    known.withdraw.abort();
  }

  /** Undefined for what can't be read: a token nobody can check is refused, and must not stop the others. */
  #read(entry: Entry, before: CachedToken | undefined): CachedToken | undefined {
    const { codec, logger } = this.#options;
    if (!before && this.#byName.size >= tokensMax) {
      logger.error({ key: entry.key }, `there are more than ${tokensMax} admin tokens`);
      return undefined;
    }
    try {
      const token = cachedToken(entry, codec);
      // Sealed again under a new key: streams go on.
      return before && isSame(token, before) ? { ...before, revision: entry.revision } : token;
    } catch (err) {
      logger.error({ err, key: entry.key }, "an admin token in the store can't be read");
      return undefined;
    }
  }
}

function isSame(a: CachedToken, b: CachedToken): boolean {
  return (
    a.hash.equals(b.hash) &&
    a.role === b.role &&
    a.team === b.team &&
    a.expireTimeMs === b.expireTimeMs
  );
}

function cachedToken(entry: Entry, codec: ResourceCodec): CachedToken {
  const { adminToken, tokenHash } = readToken(entry, codec);
  const role = knownRole(adminToken?.role ?? 0);
  if (!adminToken || role === undefined) throw new RangeError("it has no role that is known here");
  const { team, expireTime } = adminToken;
  const withdraw = new AbortController();
  return {
    name: tokenNameFrom(entry.key),
    role,
    team: team === "" ? undefined : team,
    expireTimeMs: expireTime && timestampMs(expireTime),
    withdrawn: withdraw.signal,
    hash: Buffer.from(tokenHash),
    revision: entry.revision,
    withdraw,
  };
}
