import { createHmac } from "node:crypto";
import type { Clock, Random } from "@headgate/core";
import type { discovery, resources } from "@headgate/proto";
import { Authorizers } from "../providers/authorizers.ts";
import type { RoutedKey, RoutedModel, RoutedPolicy } from "./routed.ts";
import { routedModel } from "./routed-models.ts";
import { routedPolicy } from "./routed-policy.ts";

export interface RoutingTableOptions {
  readonly region: string;
  readonly random: Random;
  readonly clock: Clock;
}

/**
 * The snapshot as the request path reads it. Deltas are applied whole, between
 * requests; they have been checked, so applying can't fail halfway.
 *
 * Keys are updated one by one, for there may be 100,000; models are made anew
 * when a model or a provider changed.
 */
export class RoutingTable {
  readonly #options: RoutingTableOptions;
  readonly #authorizers: Authorizers;
  readonly #providers = new Map<string, resources.Provider>();
  readonly #models = new Map<string, resources.Model>();
  /** By name: the hash under which the key stands in #keysByHash. */
  readonly #keyHashes = new Map<string, string>();
  readonly #keysByHash = new Map<string, RoutedKey>();
  /** By the secret itself: spares the HMAC for keys in use. Emptied when keys change. */
  readonly #keysBySecret = new Map<string, RoutedKey>();
  #hmacKey: Uint8Array = new Uint8Array();
  #routed: ReadonlyMap<string, RoutedModel> = new Map();
  #policy: RoutedPolicy = routedPolicy(undefined);
  #version = 0n;

  constructor(options: RoutingTableOptions) {
    this.#options = options;
    this.#authorizers = new Authorizers(options.clock);
  }

  /** The snapshot version in use; 0 before the first. */
  get version(): bigint {
    return this.#version;
  }

  get policy(): RoutedPolicy {
    return this.#policy;
  }

  /** In the order of names. */
  get models(): ReadonlyMap<string, RoutedModel> {
    return this.#routed;
  }

  /** The key with this secret, revoked ones included. */
  key(secret: string): RoutedKey | undefined {
    const known = this.#keysBySecret.get(secret);
    if (known) return known;
    const hash = createHmac("sha256", this.#hmacKey).update(secret).digest("hex");
    const key = this.#keysByHash.get(hash);
    if (key && this.#keysBySecret.size < secretsMax) this.#keysBySecret.set(secret, key);
    return key;
  }

  /** `routesChanged`: there may be other deployments than before. */
  apply(delta: discovery.StreamSnapshotsResponse): { readonly routesChanged: boolean } {
    if (delta.fromVersion === 0n) this.#clear();
    for (const { kind, name } of delta.removed) this.#remove(kind, name);
    for (const { resource } of delta.upserts) this.#upsert(resource);
    const kinds = new Set([
      ...delta.removed.map(({ kind }) => kind),
      ...delta.upserts.map(({ resource }) => resource.case),
    ]);
    if (kinds.has("key") || kinds.has("settings")) this.#keysBySecret.clear();
    const routesChanged = delta.fromVersion === 0n || kinds.has("model") || kinds.has("provider");
    if (routesChanged) this.#routeModels();
    this.#version = delta.version;
    return { routesChanged };
  }

  #clear(): void {
    this.#providers.clear();
    this.#models.clear();
    this.#keyHashes.clear();
    this.#keysByHash.clear();
    this.#keysBySecret.clear();
    this.#routed = new Map();
    this.#policy = routedPolicy(undefined);
  }

  #upsert(resource: discovery.Resource["resource"]): void {
    switch (resource.case) {
      case "provider":
        this.#providers.set(resource.value.name, resource.value);
        break;
      case "model":
        this.#models.set(resource.value.name, resource.value);
        break;
      case "key":
        this.#setKey(resource.value);
        break;
      case "policy":
        this.#policy = routedPolicy(resource.value);
        break;
      case "settings":
        this.#hmacKey = resource.value.keyHmacKey;
        break;
    }
  }

  #remove(kind: string, name: string): void {
    if (kind === "provider") this.#providers.delete(name);
    else if (kind === "model") this.#models.delete(name);
    else if (kind === "key") this.#dropKey(name);
    else if (kind === "policy") this.#policy = routedPolicy(undefined);
  }

  #setKey(key: resources.Key): void {
    this.#dropKey(key.name);
    const hash = key.secretHash.replace(/^hmac-sha256:/, "");
    this.#keyHashes.set(key.name, hash);
    this.#keysByHash.set(hash, {
      name: key.name,
      team: key.team,
      user: key.user,
      revoked: key.revokeTime !== undefined,
      models: key.models,
    });
  }

  #dropKey(name: string): void {
    const hash = this.#keyHashes.get(name);
    if (hash === undefined) return;
    this.#keyHashes.delete(name);
    // A rotated secret may be another key's by now.
    if (this.#keysByHash.get(hash)?.name === name) this.#keysByHash.delete(hash);
  }

  #routeModels(): void {
    const options = {
      ...this.#options,
      providers: this.#providers,
      authorizers: this.#authorizers,
    };
    const names = [...this.#models.keys()].sort();
    this.#routed = new Map(
      names.flatMap((name) => {
        const model = this.#models.get(name);
        return model ? [[name, routedModel(model, options)] as const] : [];
      }),
    );
    this.#authorizers.sweep();
  }
}

/** Secrets remembered beside their hashes. */
const secretsMax = 10_000;
