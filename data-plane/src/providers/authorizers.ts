import { bedrockRegion } from "@headgate/config/provider-defaults";
import type { Clock } from "@headgate/core";
import { resources } from "@headgate/proto";
import type { Authorize } from "./authorize.ts";

const { ProviderType } = resources;

/**
 * Those who prove who we are, one per credential: their tokens and keys outlive a change of the
 * configuration that leaves the credential as it is, and are shared by all models behind it.
 *
 * What they are made of (JWTs, signatures) is loaded when the first of them is used: most nodes
 * need none of it.
 */
export class Authorizers {
  readonly #clock: Clock;
  #known = new Map<string, Authorize>();
  #used = new Map<string, Authorize>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Undefined where fixed headers do. */
  get(
    provider: resources.Provider,
    credential: resources.Credential | undefined,
  ): Authorize | undefined {
    if (!credential) return undefined;
    const create = this.#factory(provider, credential);
    if (!create) return undefined;
    const { apiKey, accessKeyId, secretAccessKey, sessionToken } = credential;
    const parts = [provider.type, bedrockRegion(provider), apiKey, accessKeyId, secretAccessKey];
    const identity = JSON.stringify([...parts, sessionToken]);
    const authorize = this.#used.get(identity) ?? this.#known.get(identity) ?? lazily(create);
    this.#used.set(identity, authorize);
    return authorize;
  }

  /** Forget those not asked for since the last time. */
  sweep(): void {
    this.#known = this.#used;
    this.#used = new Map();
  }

  #factory(
    provider: resources.Provider,
    credential: resources.Credential,
  ): (() => Promise<Authorize>) | undefined {
    const clock = this.#clock;
    const { apiKey, accessKeyId, secretAccessKey, sessionToken } = credential;
    if (provider.type === ProviderType.VERTEX && apiKey !== "") {
      return async () => {
        const { serviceAccountAuthorize } = await import("./google/service-account.ts");
        return serviceAccountAuthorize({ json: apiKey, clock });
      };
    }
    if (provider.type === ProviderType.BEDROCK && accessKeyId !== "") {
      const region = bedrockRegion(provider);
      return async () => {
        const { sigV4Authorize } = await import("./bedrock/sign.ts");
        return sigV4Authorize({ region, accessKeyId, secretAccessKey, sessionToken, clock });
      };
    }
    return undefined;
  }
}

function lazily(create: () => Promise<Authorize>): Authorize {
  let ready: Authorize | undefined;
  let loading: Promise<Authorize> | undefined;
  const authorize: Authorize = (request) => {
    if (ready) return ready(request);
    loading ??= create().then((created) => {
      ready = created;
      return created;
    });
    return loading.then((loaded) => loaded(request));
  };
  return Object.assign(authorize, {
    reject: (headers: readonly string[]): void => ready?.reject?.(headers),
  });
}
