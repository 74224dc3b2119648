import type { Clock } from "@headgate/core";
import type { Environment } from "../../yaml/interpolate.ts";
import { createCommandSource } from "./command-source.ts";
import { createEnvSource } from "./env-source.ts";
import { createFileSource } from "./file-source.ts";
import { createHttpSource } from "./http-source.ts";
import {
  type SecretContext,
  SecretError,
  type SecretReference,
  type SecretSource,
} from "./secret-source.ts";

export type SecretSourceKind = "env" | "file" | "command" | "http";

export interface SecretSourcesOptions {
  /** For `env` sources, and of the commands that are run. */
  readonly env: Environment;
  readonly clock: Clock;
  /** For one reading. Default 10 s. */
  readonly timeoutMs?: number;
}

const timeoutDefaultMs = 10_000;

/** For a source that was told to end to say how far it came. Some cannot be ended. */
const graceMs = 500;

/** All kinds of sources behind one, each reading bounded in time. */
export function createSecretSources(options: SecretSourcesOptions): SecretSource {
  const { env, clock, timeoutMs = timeoutDefaultMs } = options;
  const sources: Readonly<Record<SecretSourceKind, SecretSource>> = {
    env: createEnvSource(env),
    file: createFileSource(),
    command: createCommandSource(env),
    http: createHttpSource(),
  };
  return {
    read: (reference, context) =>
      readWithin(sources[kindOfReference(reference)], reference, { context, clock, timeoutMs }),
  };
}

/** Of a reference that has exactly one. */
export function kindOfReference(reference: SecretReference): SecretSourceKind {
  if (reference.http) return "http";
  if (reference.command.length > 0) return "command";
  return reference.file === "" ? "env" : "file";
}

interface Within {
  readonly context: SecretContext;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

async function readWithin(
  source: SecretSource,
  reference: SecretReference,
  { context, clock, timeoutMs }: Within,
): Promise<string> {
  const late = new AbortController();
  const done = new AbortController();
  const signal = AbortSignal.any([context.signal, late.signal]);
  try {
    const reading = source.read(reference, { ...context, signal });
    return await Promise.race([reading, deadline()]);
  } finally {
    done.abort();
  }

  async function deadline(): Promise<never> {
    await clock.sleep(timeoutMs, AbortSignal.any([context.signal, done.signal]));
    // Nothing listens any more when the reading is done.
    late.abort();
    await clock.sleep(graceMs, done.signal);
    throw new SecretError(`no answer within ${timeoutMs / 1_000} s`);
  }
}
