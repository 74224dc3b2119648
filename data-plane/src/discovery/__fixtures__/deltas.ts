import { create } from "@bufbuild/protobuf";
import { resourceHash } from "@headgate/core";
import { discovery, resources } from "@headgate/proto";
import { identify, resourceKey } from "../snapshot.ts";

type Resource = discovery.Resource;

export function team(name: string, revision = 1n): Resource {
  return resource({ case: "team", value: create(resources.TeamSchema, { name }) }, revision);
}

export function key(name: string, revision = 1n, teamName = ""): Resource {
  const secretHash = `hmac-sha256:${"0".repeat(64)}`;
  const value = create(resources.KeySchema, { name, team: teamName, secretHash });
  return resource({ case: "key", value }, revision);
}

export function provider(name: string, revision = 1n, credential = name): Resource {
  const value = create(resources.ProviderSchema, {
    name,
    type: resources.ProviderType.OPENAI,
    credentials: [{ name: credential, apiKey: "sk-upstream-secret" }],
  });
  return resource({ case: "provider", value }, revision);
}

export function model(name: string, providerName: string, revision = 1n): Resource {
  const value = create(resources.ModelSchema, { name, deployments: [{ provider: providerName }] });
  return resource({ case: "model", value }, revision);
}

export function settings(keyBytes = 32, revision = 1n): Resource {
  const value = create(discovery.SettingsSchema, { keyHmacKey: new Uint8Array(keyBytes) });
  return resource({ case: "settings", value }, revision);
}

function resource(value: Resource["resource"], revision: bigint): Resource {
  return create(discovery.ResourceSchema, { resource: value, revision });
}

/** What the control plane has: makes deltas from changes, with the right hash. */
export class FakeState {
  readonly #resources = new Map<string, Resource>();
  #version = 0n;

  get version(): bigint {
    return this.#version;
  }

  get stateHash(): bigint {
    let hash = 0n;
    for (const one of this.#resources.values()) {
      const identity = identify(one);
      if (identity) hash ^= resourceHash({ ...identity, revision: one.revision });
    }
    return hash;
  }

  /** Go to `version` by these changes; the delta says so. `removed` is like "team/a". */
  change(version: bigint, upserts: readonly Resource[], removed: readonly string[] = []) {
    const fromVersion = this.#version;
    for (const one of upserts) {
      const { kind, name } = identify(one) ?? { kind: "unknown", name: "" };
      this.#resources.set(resourceKey(kind, name), one);
    }
    for (const name of removed) this.#resources.delete(name);
    this.#version = version;
    return this.#response(fromVersion, upserts, removed);
  }

  /** Everything as one delta. */
  full() {
    return this.#response(0n, [...this.#resources.values()], []);
  }

  #response(fromVersion: bigint, upserts: readonly Resource[], removed: readonly string[]) {
    return create(discovery.StreamSnapshotsResponseSchema, {
      nonce: `nonce-${this.#version}`,
      fromVersion,
      version: this.#version,
      stateHash: this.stateHash,
      upserts: [...upserts],
      removed: removed.map((word) => {
        const [kind = "", ...name] = word.split("/");
        return { kind, name: name.join("/") };
      }),
    });
  }
}
