import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Clock } from "@headgate/core";
import type { resources } from "@headgate/proto";
import { createKeySecret } from "../resources/key-secret.ts";
import { failedPrecondition } from "./admin-errors.ts";
import type { Caller } from "./caller.ts";
import { CheckedWriter, editable, type WritingOptions } from "./checked-write.ts";
import { required, requiredName } from "./required.ts";
import type { CreateInput, DeleteInput, ResourceService } from "./resource-service.ts";

export interface KeyServiceOptions extends WritingOptions {
  readonly resources: ResourceService;
}

export interface KeyWithSecret {
  readonly key: resources.Key;
  /** Shown once. Empty if the caller brought its own, and where nothing was written. */
  readonly secret: string;
}

/** What only keys have: secrets that are made here, and an end. */
export class KeyService {
  readonly #clock: Clock;
  readonly #resources: ResourceService;
  readonly #checked: CheckedWriter;

  constructor(options: KeyServiceOptions) {
    this.#clock = options.clock;
    this.#resources = options.resources;
    this.#checked = new CheckedWriter(options);
  }

  async create(caller: Caller, input: CreateInput<"key">): Promise<KeyWithSecret> {
    const given = required("key", input.resource);
    const brings = given.secret !== "" || given.secretHash !== "";
    const secret = brings ? "" : createKeySecret();
    const resource = brings ? given : { ...given, secret };
    const key = await this.#resources.create(caller, "key", { ...input, resource });
    return shown({ key, secret }, input.validateOnly);
  }

  /** A new secret. The old one is free from then on. */
  async rotate(
    caller: Caller,
    { name, revision, validateOnly }: DeleteInput,
  ): Promise<KeyWithSecret> {
    const secret = createKeySecret();
    const target = { kind: "key", name: requiredName(name), caller, validateOnly } as const;
    const key = await this.#checked.write(target, (stored) => {
      const before = editable(target, stored, revision);
      if (before.resource.revokeTime) {
        throw failedPrecondition(`key ${name} is revoked for ever: create another key`);
      }
      return this.#checked.prepare("key", { ...before.resource, secret, secretHash: "" }, before);
    });
    return shown({ key, secret }, validateOnly);
  }

  /** Idempotent. */
  async revoke(
    caller: Caller,
    { name, revision, validateOnly }: DeleteInput,
  ): Promise<resources.Key> {
    const target = { kind: "key", name: requiredName(name), caller, validateOnly } as const;
    return this.#checked.write(target, (stored) => {
      const before = editable(target, stored, revision);
      if (before.resource.revokeTime) return undefined;
      const after = this.#checked.prepare("key", before.resource, before);
      after.revokeTime = timestampFromMs(this.#clock.wallTimeMs());
      return after;
    });
  }
}

/** A secret that was not written is nobody's: neither it nor its hash means anything. */
function shown({ key, secret }: KeyWithSecret, validateOnly: boolean): KeyWithSecret {
  if (!validateOnly || secret === "") return { key, secret };
  return { key: { ...key, secretHash: "" }, secret: "" };
}
